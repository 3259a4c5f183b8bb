// What a call that does not wait gives.
import { inspect } from 'node:util';

import { registerStayer } from '../codec/carriers.js';
import { MultiprocessingError, TimeoutError } from '../errors.js';
import { checkAwait, type AwaitOptions } from '../sync/options.js';
import { Waiting } from '../sync/waiting.js';

/** Settles a result; not for users. */
export interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export let newResult: <T>(callbacks: ResultCallbacks<T>) => [AsyncResult<T>, Settle<T>];

/**
 * Functions that are called with the outcome, in this thread.
 *
 * @public
 */
export interface ResultCallbacks<T> {
  /** Called with the value. What it throws becomes a warning. */
  readonly callback?: ((value: T) => void) | undefined;
  /** Called with the error. What it throws becomes a warning. */
  readonly errorCallback?: ((error: unknown) => void) | undefined;
}

type State<T> =
  | { readonly kind: 'pending' }
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown };

const pending = { kind: 'pending' } as const;

/**
 * The outcome of a task that was given to a pool, now or later. It can be awaited; an error that
 * nobody asks for is no unhandled rejection. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.AsyncResult | AsyncResult}.
 *
 * @example
 * ```ts
 * const result = pool.applyAsync(square, [7]);
 * console.log(await result); // 49
 * ```
 *
 * @public
 */
export class AsyncResult<T = unknown> implements PromiseLike<T> {
  #state: State<T> = pending;
  readonly #callbacks: ResultCallbacks<T>;
  readonly #waiters = new Set<() => void>();

  private constructor(callbacks: ResultCallbacks<T>) {
    this.#callbacks = callbacks;
  }

  /**
   * The value; waits for it. May be called again.
   *
   * @param options - `timeout` in ms, `signal`: of this wait, not of the task
   * @throws what the task threw
   * @throws TimeoutError when the timeout passed; the task goes on
   */
  async get(options?: AwaitOptions): Promise<T> {
    const { timeoutMs } = checkAwait('get', options);
    if (!(await this.wait(options))) {
      throw new TimeoutError(`the result was not there within ${String(timeoutMs)} ms`);
    }
    return this.#take();
  }

  /** Waits until the outcome is there; false when the timeout passed. Never throws what the task threw. */
  async wait(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('wait', options);
    if (this.ready()) return true;
    wait.signal?.throwIfAborted();
    const waiting = new Waiting<boolean>(wait, {
      onTimeout: () => {
        this.#waiters.delete(tell);
        waiting.resolve(false);
      },
      onAbort: (reason) => {
        this.#waiters.delete(tell);
        waiting.reject(reason);
      },
    });
    const tell = (): void => {
      waiting.resolve(true);
    };
    this.#waiters.add(tell);
    return waiting.promise;
  }

  /** Whether the outcome is there. */
  ready(): boolean {
    return this.#state.kind !== 'pending';
  }

  /**
   * Whether the task returned a value.
   *
   * @throws MultiprocessingError `ERR_MP_NOT_READY` before {@link AsyncResult.ready}
   */
  successful(): boolean {
    if (this.#state.kind === 'pending') {
      throw new MultiprocessingError('successful() before the result is ready', {
        code: 'ERR_MP_NOT_READY',
      });
    }
    return this.#state.kind === 'value';
  }

  /** As of a Promise: `await result` is `await result.get()`. */
  then<R = T, E = never>(
    onValue?: ((value: T) => R | PromiseLike<R>) | null,
    onError?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.get().then(onValue, onError);
  }

  /** As of a Promise. */
  catch<E = never>(onError?: ((error: unknown) => E | PromiseLike<E>) | null): Promise<T | E> {
    return this.get().catch(onError);
  }

  /** As of a Promise. */
  finally(onEnd?: (() => void) | null): Promise<T> {
    return this.get().finally(onEnd);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const { kind } = this.#state;
    return `AsyncResult { ${kind === 'value' ? 'ready' : kind === 'error' ? 'failed' : kind} }`;
  }

  #take(): T {
    if (this.#state.kind === 'error') throw this.#state.error;
    return (this.#state as { readonly value: T }).value;
  }

  #settle(state: State<T>): void {
    if (this.ready()) return;
    this.#state = state;
    const { callback, errorCallback } = this.#callbacks;
    if (state.kind === 'value') callSafely(callback, state.value);
    else if (state.kind === 'error') callSafely(errorCallback, state.error);
    for (const tell of this.#waiters) tell();
    this.#waiters.clear();
  }

  static {
    newResult = <T>(callbacks: ResultCallbacks<T>): [AsyncResult<T>, Settle<T>] => {
      const result = new AsyncResult<T>(callbacks);
      const settle = {
        resolve: (value: T) => {
          result.#settle({ kind: 'value', value });
        },
        reject: (error: unknown) => {
          result.#settle({ kind: 'error', error });
        },
      };
      return [result, settle];
    };
  }
}

/** The other tasks' outcomes must be told, whatever a callback throws. */
export function callSafely<T>(callback: ((value: T) => unknown) | undefined, value: T): void {
  try {
    callback?.(value);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
    process.emitWarning(`a callback of a pool threw: ${text}`, 'CallbackWarning');
  }
}

registerStayer(AsyncResult, 'await it, and send what came of it');
