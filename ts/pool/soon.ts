// Something that is to happen soon, and once, however often it is asked for until then.

export class Soon {
  readonly #run: () => void;
  readonly #ms: number | undefined;
  #isPlanned = false;

  /** @param ms - after so long, as long as something else keeps the event loop alive; default: at the end of this turn of it */
  constructor(run: () => void, ms?: number) {
    this.#run = run;
    this.#ms = ms;
  }

  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const go = (): void => {
      this.#isPlanned = false;
      this.#run();
    };
    if (this.#ms === undefined) setImmediate(go);
    else setTimeout(go, this.#ms).unref();
  }
}
