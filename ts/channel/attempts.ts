// What waits for one direction of a stream, in order: each is tried until it succeeds, the next
// only then.
import { setImmediate } from 'node:timers/promises';

import type { CheckedWait } from '../sync/options.js';
import { Pending, timedOut } from './pending.js';
import { blockingWait, type BlockingWait, type Stream } from './stream.js';

/** One thing to do on a stream. */
export interface Attempt<T> {
  /** What the error of a timeout says, before the time. */
  readonly what: string;
  /** Undefined: not yet. What it throws ends the attempt. */
  try(): T | undefined;
  /** The caller waits no more; true when it must be gone on with all the same. */
  abandon?(): boolean;
}

interface Waiting {
  readonly attempt: Attempt<unknown>;
  readonly settle: { resolve: (value: unknown) => void; reject: (error: Error) => void };
}

/** After so many that succeeded at once, other events of the loop have their turn. */
const turnEvery = 256;

export class AttemptQueue {
  readonly #stream: Stream;
  readonly #writes: boolean;
  readonly #waiting: Waiting[] = [];
  #atOnce = 0;

  constructor(stream: Stream, writes: boolean) {
    this.#stream = stream;
    this.#writes = writes;
    const run = (): void => {
      this.#run();
    };
    if (writes) stream.onWritable = run;
    else stream.onReadable = run;
    stream.onForgotten.push(() => {
      this.#waiting.length = 0;
    });
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Tries until it succeeds, fails, or the wait is over. */
  async await<T>(attempt: Attempt<T>, wait: CheckedWait): Promise<T> {
    wait.signal?.throwIfAborted();
    if (this.isEmpty) {
      const result = attempt.try();
      if (result !== undefined) return await this.#giveTurn(result);
    }
    if (wait.timeoutMs === 0 && attempt.abandon?.() !== true) throw timedOut(attempt.what, 0);
    return await this.#enqueue(attempt, wait);
  }

  /** As {@link await}, blocking; what waits already for reading is overtaken, for writing is not. */
  block<T>(attempt: Attempt<T>, timeoutMs: number): T {
    const wait = blockingWait(timeoutMs, attempt.what);
    if (this.#writes) this.#drain(wait);
    else this.#waiting[0]?.attempt.abandon?.();
    for (;;) {
      const result = attempt.try();
      if (result !== undefined) return result;
      this.#waitSync(attempt, wait);
    }
  }

  #drain(wait: BlockingWait): void {
    for (;;) {
      this.#run();
      if (this.#waiting.length === 0) return;
      this.#stream.waitSync(wait, true);
    }
  }

  /** Rejects all. */
  fail(error: Error): void {
    for (const { settle } of this.#waiting.splice(0)) settle.reject(error);
  }

  async #giveTurn<T>(result: T): Promise<T> {
    this.#atOnce++;
    if (this.#atOnce % turnEvery === 0) await setImmediate();
    return result;
  }

  #waitSync(attempt: Attempt<unknown>, wait: BlockingWait): void {
    try {
      this.#stream.waitSync(wait, this.#writes);
    } catch (error) {
      if (attempt.abandon?.() === true) this.#goOn(attempt);
      throw error;
    }
  }

  #enqueue<T>(attempt: Attempt<T>, wait: CheckedWait): Promise<T> {
    const waiting: Waiting = { attempt, settle: { resolve, reject } };
    const pending = new Pending<T>(wait, attempt.what, () => {
      const at = this.#waiting.indexOf(waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
      if (attempt.abandon?.() === true) this.#goOn(attempt);
      this.#watch();
    });
    function resolve(value: unknown): void {
      pending.resolve(value as T);
    }
    function reject(error: Error): void {
      pending.reject(error);
    }
    this.#waiting.push(waiting);
    this.#watch();
    return pending.promise;
  }

  /** What is begun must be ended before anything else begins; nobody waits for it. */
  #goOn(attempt: Attempt<unknown>): void {
    const ignore = (): void => undefined;
    this.#waiting.unshift({ attempt, settle: { resolve: ignore, reject: ignore } });
    this.#watch();
  }

  #run(): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      let result: unknown;
      try {
        result = first.attempt.try();
        if (result === undefined) break;
      } catch (error) {
        this.#waiting.shift();
        first.settle.reject(error as Error);
        continue;
      }
      this.#waiting.shift();
      first.settle.resolve(result);
    }
    this.#watch();
  }

  #watch(): void {
    this.#stream.want(this.#writes ? { writes: !this.isEmpty } : { reads: !this.isEmpty });
  }
}
