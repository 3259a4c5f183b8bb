// The functions that a pool's tasks call: each has a number, by which workers know it.
import type { FunctionRef } from '../functions/function-ref.js';
import { referenceOf } from '../functions/reference-of.js';
import type { Callable } from '../functions/reference.js';

/** A function of tasks. */
export interface Slot {
  readonly id: number;
  /** A FunctionReference, as JSON. */
  readonly text: string;
  /** How long a call of it took lately, in ms, as far as `map` has seen. */
  usualMs?: number;
}

/** More are forgotten; one that comes again then has another number. */
const mostSlots = 1000;

export class FunctionTable {
  readonly #ofObjects = new WeakMap<object, Slot>();
  readonly #ofTexts = new Map<string, Slot>();
  #last = 0;

  /** @throws NotImportableError when no module exports the function, TypeError when it is none */
  slotOf(fn: Callable | FunctionRef): Slot {
    const known = typeof fn === 'function' ? this.#ofObjects.get(fn) : undefined;
    if (known !== undefined) return known;
    const text = JSON.stringify(referenceOf(fn));
    let slot = this.#ofTexts.get(text);
    if (slot === undefined) {
      if (this.#ofTexts.size >= mostSlots) this.#ofTexts.clear();
      slot = { id: ++this.#last, text };
      this.#ofTexts.set(text, slot);
    }
    this.#ofObjects.set(fn, slot);
    return slot;
  }
}
