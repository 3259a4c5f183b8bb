// One promise that waits: its time and its signal.
import type { CheckedWait } from './options.js';

/** The longest delay that setTimeout takes. */
const maxTimerMs = 2 ** 31 - 1;

/** What ends a wait from outside. Both leave it to the callee to settle the promise. */
export interface WaitEnds {
  /** The time has passed. */
  onTimeout(): void;
  /** The signal was aborted. */
  onAbort(reason: unknown): void;
}

/** A wait that somebody settles, or its time or its signal ends. */
export class Waiting<T> {
  readonly promise: Promise<T>;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #ends: WaitEnds;
  #resolve!: (value: T | PromiseLike<T>) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;

  constructor({ timeoutMs, signal }: CheckedWait, ends: WaitEnds) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadlineMs = performance.now() + timeoutMs;
    this.#signal = signal;
    this.#ends = ends;
    this.#startTimer();
    if (signal === undefined) return;
    this.#onAbort = () => {
      ends.onAbort(signal.reason);
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Ends the wait, with a value or as another promise does. */
  resolve(value: T | PromiseLike<T>): void {
    this.stop();
    this.#resolve(value);
  }

  /** Ends the wait; the reason is the caller's own, whatever it is. */
  reject(reason: unknown): void {
    this.stop();
    this.#reject(reason);
  }

  /** From now on neither time nor signal matter. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #startTimer(): void {
    if (this.#deadlineMs === Infinity) return;
    const leftMs = this.#deadlineMs - performance.now();
    this.#timer = setTimeout(
      () => {
        // Timers round down, and long waits take several.
        if (performance.now() < this.#deadlineMs) this.#startTimer();
        else this.#ends.onTimeout();
      },
      Math.min(Math.max(leftMs, 0), maxTimerMs),
    );
  }
}
