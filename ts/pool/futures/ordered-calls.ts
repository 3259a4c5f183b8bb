// Executor.map: a call for each row of several iterables, the results in order.
import type { Outcome } from '../protocol.js';
import type { Future } from './future.js';

/** What is to be called, and how far ahead. */
export interface CallPlan {
  readonly rows: Iterator<readonly unknown[]>;
  /** Rows in one message. */
  readonly chunksize: number;
  /** The most rows that were submitted and whose results have not been taken. */
  readonly buffersize: number;
  readonly untilMs: number;
  readonly submit: (rows: readonly (readonly unknown[])[]) => Future<readonly Outcome[]>;
}

export class OrderedCalls<T> {
  readonly #plan: CallPlan;
  readonly #futures: Future<readonly Outcome[]>[] = [];
  #ahead = 0;
  #hasEnded = false;

  /** Submits at once all that may be. */
  constructor(plan: CallPlan) {
    this.#plan = plan;
    this.#pull();
  }

  /** The results; the first error ends them, and so does who takes no more: the rest is cancelled. */
  async *results(): AsyncGenerator<T, void, undefined> {
    try {
      while (this.#futures.length > 0) {
        // What was yielded is not held here.
        const outcomes = [...(await this.#first())].reverse();
        this.#futures.shift();
        while (outcomes.length > 0) {
          this.#ahead -= 1;
          this.#pull();
          yield valueOf(outcomes.pop()!) as T;
        }
      }
    } finally {
      for (const future of this.#futures) future.cancel();
      if (!this.#hasEnded) this.#plan.rows.return?.();
    }
  }

  async #first(): Promise<readonly Outcome[]> {
    return this.#futures[0]!.result({ timeout: this.#plan.untilMs - performance.now() });
  }

  get #room(): number {
    return this.#hasEnded ? 0 : this.#plan.buffersize - this.#ahead;
  }

  #pull(): void {
    while (this.#room > 0) {
      const rows = this.#take(Math.min(this.#plan.chunksize, this.#room));
      this.#ahead += rows.length;
      if (rows.length > 0) this.#futures.push(this.#plan.submit(rows));
    }
  }

  #take(most: number): (readonly unknown[])[] {
    const rows: (readonly unknown[])[] = [];
    while (rows.length < most) {
      const row = this.#plan.rows.next();
      if (row.done === true) {
        this.#hasEnded = true;
        break;
      }
      rows.push(row.value);
    }
    return rows;
  }
}

function valueOf([isValue, value]: Outcome): unknown {
  if (!isValue) throw value;
  return value;
}

/** An item of each, until the shortest ends. */
export function* zip(iterables: readonly Iterable<unknown>[]): Generator<readonly unknown[], void> {
  if (iterables.length === 0) return;
  const iterators = iterables.map((iterable) => iterable[Symbol.iterator]());
  try {
    for (let row = rowOf(iterators); row !== undefined; row = rowOf(iterators)) yield row;
  } finally {
    for (const iterator of iterators) iterator.return?.();
  }
}

function rowOf(iterators: readonly Iterator<unknown>[]): readonly unknown[] | undefined {
  const row: unknown[] = [];
  for (const iterator of iterators) {
    const step = iterator.next();
    if (step.done === true) return undefined;
    row.push(step.value);
  }
  return row;
}
