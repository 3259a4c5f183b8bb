// One wait as a promise, with a time limit and a way to give up. Whoever settles it first wins.
import { TimeoutError } from '../errors.js';
import type { CheckedWait } from '../sync/options.js';

/** The longest delay that setTimeout takes. */
const maxTimerMs = 2 ** 31 - 1;

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export class Pending<T> {
  readonly promise: Promise<T>;
  #settle: Settle<T> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;

  /**
   * @param wait - how long, and what ends it
   * @param what - what is waited for, as the error of a timeout says it
   * @param giveUp - called when time or signal ended the wait, before the promise rejects
   */
  constructor({ timeoutMs, signal }: CheckedWait, what: string, giveUp: () => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const end = (error: Error): void => {
      if (this.#settle === undefined) return;
      giveUp();
      this.reject(error);
    };
    if (timeoutMs !== Infinity)
      this.#startTimer(performance.now() + timeoutMs, timeoutMs, what, end);
    if (signal === undefined) return;
    const abort = (): void => {
      // The reason is the caller's own, whatever it is.
      end(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#stopListening = () => {
      signal.removeEventListener('abort', abort);
    };
  }

  resolve(value: T): void {
    this.#end()?.resolve(value);
  }

  reject(error: Error): void {
    this.#end()?.reject(error);
  }

  #startTimer(deadlineMs: number, limitMs: number, what: string, end: (e: Error) => void): void {
    const leftMs = Math.max(deadlineMs - performance.now(), 0);
    this.#timer = setTimeout(
      () => {
        // Timers round down, and long waits take several.
        if (performance.now() < deadlineMs) this.#startTimer(deadlineMs, limitMs, what, end);
        else end(timedOut(what, limitMs));
      },
      Math.min(leftMs, maxTimerMs),
    );
  }

  #end(): Settle<T> | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    return settle;
  }
}

/** The error of a wait that is over. */
export function timedOut(what: string, limitMs: number): TimeoutError {
  return new TimeoutError(`${what} within ${String(limitMs)} ms`);
}
