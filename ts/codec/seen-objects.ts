// The objects of one message that were met so far.

/** So many are looked through one by one, which is quicker than any table. */
const few = 16;

export class SeenObjects {
  readonly #first = new Array<object | undefined>(few).fill(undefined);
  #count = 0;
  #rest: Set<object> | undefined;

  /** False when it was there. */
  add(object: object): boolean {
    if (this.#rest !== undefined) {
      const { size } = this.#rest;
      return this.#rest.add(object).size > size;
    }
    for (let i = 0; i < this.#count; i++) if (this.#first[i] === object) return false;
    if (this.#count < few) this.#first[this.#count++] = object;
    else this.#rest = new Set(this.#first as object[]).add(object);
    return true;
  }

  /** Keeps no object alive. */
  clear(): void {
    while (this.#count > 0) this.#first[--this.#count] = undefined;
    this.#rest = undefined;
  }
}
