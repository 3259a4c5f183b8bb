// Timer: a thread that calls a function after a time, unless it is cancelled before.
import { invalidArgument, outOfRange } from '../errors.js';
import type { FunctionRef } from '../functions/function-ref.js';
import { isFunctionRef } from '../functions/function-ref.js';
import { Event } from '../sync/event.js';
import type { ThreadOptions } from './options.js';
import { Thread } from './thread.js';

/**
 * A thread that waits and then calls a function. `start()` begins the wait, `cancel()` ends it.
 *
 * Source: CPython's
 * {@link https://docs.python.org/3/library/threading.html#timer-objects | Timer}. Where the function
 * may run in this thread, `setTimeout` does the same for less.
 *
 * @example
 * ```ts
 * const timer = new threading.Timer(30_000, hello);
 * await timer.start(); // hello() runs in a thread 30 s from now
 * ```
 *
 * @public
 */
export class Timer<T = unknown, A extends readonly unknown[] = never[]> extends Thread<T> {
  /** The wait, in ms. */
  readonly interval: number;
  /** What is called then: an exported function. */
  readonly function: ((...args: A) => T | PromiseLike<T>) | FunctionRef<(...args: A) => T>;
  /** Its arguments. */
  readonly args: A;
  /** Set when the function has run, or the timer was cancelled; shared with the thread. */
  readonly finished = new Event();

  /**
   * @param interval - how long to wait, in ms, 0 or more
   * @param target - an exported function, which may be async
   * @param args - its arguments; copied at `start()`
   * @param options - as for a `Thread`
   * @throws TypeError, RangeError when an argument is none
   */
  constructor(
    interval: number,
    target: ((...args: A) => T | PromiseLike<T>) | FunctionRef<(...args: A) => T>,
    args: A = [] as unknown as A,
    options: Pick<ThreadOptions, 'name' | 'daemon' | 'resourceLimits'> = {},
  ) {
    super(options);
    if (typeof interval !== 'number' || Number.isNaN(interval)) {
      throw invalidArgument('interval must be a number of milliseconds');
    }
    if (interval < 0) throw outOfRange(`interval must not be ${String(interval)}: it is a time`);
    if (typeof target !== 'function' && !isFunctionRef(target)) {
      throw invalidArgument('a Timer takes a function: new Timer(1000, hello)');
    }
    if (!Array.isArray(args)) throw invalidArgument('args must be an array, such as [7]');
    this.interval = interval;
    this.function = target;
    this.args = args;
  }

  /** What runs in the thread: waits, then calls the function. `result()` gives what it returns. */
  override async run(): Promise<unknown> {
    if (await this.finished.wait({ timeout: this.interval })) return undefined;
    try {
      return await (this.function as (...args: A) => T | PromiseLike<T>)(...this.args);
    } finally {
      this.finished.set();
    }
  }

  /** Ends the wait; the function is not called. Does nothing once it was. */
  cancel(): void {
    this.finished.set();
  }
}
