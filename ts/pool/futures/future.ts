// Future: the outcome of a call that an executor makes.
import { inspect } from 'node:util';

import { registerStayer } from '../../codec/carriers.js';
import { TimeoutError } from '../../errors.js';
import { CancelledError, InvalidStateError } from '../../errors/pool.js';
import { checkAwait, type AwaitOptions } from '../../sync/options.js';
import { Waiting } from '../../sync/waiting.js';
import { callSafely } from '../async-result.js';

/** What an executor knows of the call; not for users. */
export interface Call {
  /** True when it will not be made. */
  cancel(): boolean;
  isRunning(): boolean;
}

export let setCall: (future: Future, call: Call) => void;

type State = 'pending' | 'running' | 'cancelled' | 'finished';

/**
 * The outcome of a call that an executor makes, now or later. It can be awaited; an error that
 * nobody asks for is no unhandled rejection. Source: CPython's
 * {@link https://docs.python.org/3/library/concurrent.futures.html#future-objects | Future}.
 *
 * @public
 */
export class Future<T = unknown> implements PromiseLike<T> {
  #state: State = 'pending';
  #value: T | undefined;
  #error: { readonly error: unknown } | undefined;
  #call: Call | undefined;
  readonly #callbacks: ((future: this) => unknown)[] = [];

  /** Cancels the call; false when it runs or is over. */
  cancel(): boolean {
    if (this.#state === 'cancelled') return true;
    if (this.#state !== 'pending') return false;
    if (this.#call !== undefined && !this.#call.cancel()) return false;
    this.#end('cancelled');
    return true;
  }

  /** Whether it was cancelled. */
  cancelled(): boolean {
    return this.#state === 'cancelled';
  }

  /** Whether the call is being made at this moment. */
  running(): boolean {
    return this.#state === 'running' || (this.#state === 'pending' && this.#isBegun());
  }

  /** Whether it was cancelled, or the call is over. */
  done(): boolean {
    return this.#state === 'cancelled' || this.#state === 'finished';
  }

  /**
   * What the call returned; waits for it.
   *
   * @param options - `timeout` in ms, `signal`: of this wait
   * @throws what the call threw; CancelledError; TimeoutError when the timeout passed
   */
  async result(options?: AwaitOptions): Promise<T> {
    await this.#settled('result', options);
    if (this.#error !== undefined) throw this.#error.error;
    return this.#value as T;
  }

  /** What the call threw, undefined when it returned; waits for it and throws as `result`. */
  async exception(options?: AwaitOptions): Promise<unknown> {
    await this.#settled('exception', options);
    return this.#error?.error;
  }

  /** Calls `callback` with this future when it is done, at once if it is. What it throws warns. */
  addDoneCallback(callback: (future: this) => unknown): void {
    if (this.done()) callSafely(callback, this);
    else this.#callbacks.push(callback);
  }

  /** For executors: whether the call is to be made; then it runs. */
  setRunningOrNotifyCancel(): boolean {
    if (this.#state === 'cancelled') return false;
    if (this.#state !== 'pending') throw this.#invalid();
    this.#state = 'running';
    return true;
  }

  /** For executors and tests: the call returned. */
  setResult(value: T): void {
    if (this.done()) throw this.#invalid();
    this.#value = value;
    this.#end('finished');
  }

  /** For executors and tests: the call threw. */
  setException(error: unknown): void {
    if (this.done()) throw this.#invalid();
    this.#error = { error };
    this.#end('finished');
  }

  /** As of a Promise: `await future` is `await future.result()`. */
  then<R = T, E = never>(
    onValue?: ((value: T) => R | PromiseLike<R>) | null,
    onError?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.result().then(onValue, onError);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const state = this.running() ? 'running' : this.#state;
    if (state !== 'finished') return `Future { state: ${state} }`;
    const of = this.#error === undefined ? this.#value : this.#error.error;
    const type = of === null ? 'null' : typeof of === 'object' ? of.constructor.name : typeof of;
    return `Future { state: finished, ${this.#error === undefined ? 'returned' : 'raised'} ${type} }`;
  }

  #isBegun(): boolean {
    return this.#call?.isRunning() === true;
  }

  #invalid(): InvalidStateError {
    return new InvalidStateError(`the future is ${this.#state}`);
  }

  #end(state: State): void {
    this.#state = state;
    this.#call = undefined;
    for (const callback of this.#callbacks.splice(0)) callSafely(callback, this);
  }

  async #settled(method: string, options: AwaitOptions | undefined): Promise<void> {
    const wait = checkAwait(method, options);
    if (!this.done()) {
      wait.signal?.throwIfAborted();
      const waiting = new Waiting<void>(wait, {
        onTimeout: () => {
          waiting.reject(new TimeoutError(`not done within ${String(wait.timeoutMs)} ms`));
        },
        onAbort: (reason) => {
          waiting.reject(reason);
        },
      });
      this.addDoneCallback(() => {
        waiting.resolve();
      });
      await waiting.promise;
    }
    if (this.#state === 'cancelled') throw new CancelledError();
  }

  static {
    setCall = (future, call) => {
      future.#call = call;
    };
  }
}

registerStayer(Future, 'await it, and send what came of it');
