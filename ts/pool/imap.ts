// imap and imapUnordered: the outcomes of a lazy input, as they come.
import { registerStayer } from '../codec/carriers.js';
import { TimeoutError } from '../errors.js';
import { checkAwait, type AwaitOptions } from '../sync/options.js';
import { Waiting } from '../sync/waiting.js';
import { callSafely } from './async-result.js';
import { clockMs } from './clock.js';
import type { PoolCore } from './core.js';
import type { Slot } from './functions.js';
import { Form, settlesItems, timesItems, type Outcome } from './protocol.js';
import { Task, type TaskChoices } from './task.js';

/**
 * An input of calls: an iterable of values or of promises of them, or an async iterable.
 *
 * @public
 */
export type Input<T> = Iterable<T> | AsyncIterable<T>;

export interface ImapWork {
  readonly fn: Slot;
  readonly input: Input<unknown>;
  readonly isOrdered: boolean;
  readonly chunksize: number;
  /** The most items under way, or done and not given out. */
  readonly buffersize: number;
  readonly choices: TaskChoices;
  readonly onProgress: ((done: number, total: number | undefined) => void) | undefined;
}

/** A chunk that was submitted; its outcomes once they are there. */
interface Chunk {
  readonly size: number;
  outcomes: readonly Outcome[] | undefined;
  task: Task | undefined;
}

/**
 * What `imap` gives: outcomes as they come, each once. After an error the iteration can go on.
 *
 * @public
 */
export class ImapIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #core: PoolCore;
  readonly #work: ImapWork;
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>;
  /** In the order of the input. */
  #chunks: Chunk[] = [];
  /** To be given out next. */
  readonly #outcomes: Outcome[] = [];
  /** Taken from the input and not yet given out. */
  #ahead = 0;
  #taken = 0;
  #done = 0;
  #isPulling = false;
  #hasEnded = false;
  #isClosed = false;
  #inputError: { readonly error: unknown } | undefined;
  readonly #waiters: (() => void)[] = [];

  /** @internal */
  constructor(core: PoolCore, work: ImapWork) {
    this.#core = core;
    this.#work = work;
    const { input } = work;
    this.#source =
      Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
    this.#pull();
  }

  /**
   * The next outcome.
   *
   * @param options - `timeout` in ms, `signal`: of this wait
   * @throws what the function threw for that item, or the input
   * @throws TimeoutError when the timeout passed; the item can still be asked for
   */
  async next(options?: AwaitOptions): Promise<IteratorResult<T, undefined>> {
    const wait = checkAwait('next', options);
    if (!(await this.#available(wait.timeoutMs, wait.signal))) {
      throw new TimeoutError(`the next item was not there within ${String(wait.timeoutMs)} ms`);
    }
    const outcome = this.#outcomes.shift();
    if (outcome === undefined) return this.#end();
    this.#ahead -= 1;
    this.#pull();
    if (!outcome[0]) throw outcome[1];
    return { done: false, value: outcome[1] as T };
  }

  /** Ends the iteration: what has not begun is not run. */
  async return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#outcomes.length = 0;
      for (const { task } of this.#chunks) {
        if (task !== undefined) this.#core.cancelWaiting(task, undefined);
      }
      this.#tell();
      if (!this.#hasEnded) await this.#source.return?.();
    }
    return { done: true, value: undefined };
  }

  /** Itself: for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends it, as leaving a loop does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #end(): IteratorResult<T, undefined> {
    const failed = this.#inputError;
    this.#inputError = undefined;
    if (failed !== undefined) throw failed.error;
    return { done: true, value: undefined };
  }

  /** Whether there is an outcome, or nothing more will come. */
  get #isSettled(): boolean {
    if (this.#outcomes.length > 0 || this.#isClosed) return true;
    return this.#hasEnded && this.#chunks.length === 0;
  }

  async #available(timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const untilMs = performance.now() + timeoutMs;
    while (!this.#isSettled) {
      signal?.throwIfAborted();
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return false;
      const waiting = new Waiting<void>(
        { timeoutMs: leftMs, signal },
        {
          onTimeout: () => {
            waiting.resolve();
          },
          onAbort: (reason) => {
            waiting.reject(reason);
          },
        },
      );
      this.#waiters.push(() => {
        waiting.resolve();
      });
      await waiting.promise;
    }
    return true;
  }

  #tell(): void {
    for (const tell of this.#waiters.splice(0)) tell();
  }

  /** Takes items from the input while there is room for what becomes of them. */
  #pull(): void {
    if (this.#isPulling) return;
    this.#isPulling = true;
    void this.#pullAll().finally(() => {
      this.#isPulling = false;
    });
  }

  get #hasRoom(): boolean {
    return this.#ahead < this.#work.buffersize && !this.#hasEnded && !this.#isClosed;
  }

  async #pullAll(): Promise<void> {
    while (this.#hasRoom) {
      if (!this.#core.hasRoom) await this.#core.room();
      const items = await this.#chunk();
      if (items.length > 0) this.#submit(items);
      if (this.#hasEnded) this.#tell();
    }
  }

  async #chunk(): Promise<unknown[]> {
    const items: unknown[] = [];
    try {
      while (items.length < this.#work.chunksize && this.#hasRoom) {
        const next = this.#source.next();
        const step = isPromise(next) ? await next : next;
        if (step.done === true) {
          this.#hasEnded = true;
          break;
        }
        const value: unknown = step.value;
        items.push(isPromise(value) ? await value : value);
        this.#ahead += 1;
        this.#taken += 1;
      }
    } catch (error) {
      this.#hasEnded = true;
      this.#inputError = { error };
    }
    return items;
  }

  #submit(items: readonly unknown[]): void {
    const { fn, choices } = this.#work;
    const chunk: Chunk = { size: items.length, outcomes: undefined, task: undefined };
    this.#chunks.push(chunk);
    const end = {
      done: (value: unknown, isOutcomes: boolean) => {
        this.#ended(chunk, isOutcomes ? (value as Outcome[]) : [[true, value]]);
      },
      failed: (error: unknown) => {
        // Whoever lost the worker lost the whole chunk; each of its items says so.
        this.#ended(
          chunk,
          items.map(() => [false, error] as const),
        );
      },
    };
    const detail =
      items.length === 1
        ? Form.single
        : Form.items | settlesItems | (choices.timeoutMs === Infinity ? 0 : timesItems);
    const content = items.length === 1 ? items[0] : items;
    try {
      const firstItem = this.#taken - items.length;
      chunk.task = new Task({ fn, detail, content, firstItem }, choices, end, clockMs());
    } catch (error) {
      end.failed(error);
      return;
    }
    this.#core.submit(chunk.task);
  }

  #ended(chunk: Chunk, outcomes: readonly Outcome[]): void {
    chunk.outcomes = outcomes;
    chunk.task = undefined;
    this.#done += chunk.size;
    if (this.#isClosed) return;
    const { isOrdered, onProgress } = this.#work;
    if (onProgress !== undefined) {
      callSafely((done) => {
        onProgress(done, this.#hasEnded ? this.#taken : undefined);
      }, this.#done);
    }
    if (!isOrdered) {
      this.#chunks = this.#chunks.filter((other) => other !== chunk);
      this.#outcomes.push(...outcomes);
    } else {
      while (this.#chunks[0]?.outcomes !== undefined) {
        this.#outcomes.push(...this.#chunks.shift()!.outcomes!);
      }
    }
    this.#tell();
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

registerStayer(ImapIterator, 'send what it gives');
