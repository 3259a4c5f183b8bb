// One task in a worker: decodes the arguments, calls the function, has the outcome told.
import { Encoded } from '../codec/message.js';
import type { FunctionReference } from '../functions/reference.js';
import { resolve } from '../functions/resolve.js';
import type { Head } from '../channel/ring.js';
import { Arrivals } from '../memory/arrivals.js';
import { clockMs } from './clock.js';
import type { Begun, Outcomes } from './outcomes.js';
import {
  Form,
  formMask,
  isThenable,
  settlesItems,
  timesItems,
  type Outcome,
  type TaskFunction,
} from './protocol.js';
import type { SharedState } from './shared-state.js';

/** More functions than that are forgotten, and asked for again when they are called. */
const mostFunctions = 1000;

/** An array, or numbers. */
type Items = ArrayLike<unknown> & Iterable<unknown>;

interface Job extends Begun {
  readonly form: Exclude<Form, typeof Form.definition>;
  readonly times: boolean;
  readonly settles: boolean;
}

export class TaskRunner {
  readonly #outcomes: Outcomes;
  readonly #state: SharedState;
  readonly #functions = new Map<number, TaskFunction | FunctionReference>();
  readonly #arrivals = new Arrivals();

  constructor(outcomes: Outcomes, state: SharedState) {
    this.#outcomes = outcomes;
    this.#state = state;
  }

  /** Does what a message says; a promise when that takes its time. */
  take(head: Head, value: unknown): Promise<void> | undefined {
    const form = (head.detail & formMask) as Form;
    if (form === Form.definition) {
      this.#define(head.first, value as string);
      return undefined;
    }
    const job = {
      id: head.id,
      beganMs: clockMs(),
      form,
      times: (head.detail & timesItems) !== 0,
      settles: (head.detail & settlesItems) !== 0,
    };
    const fn = this.#functions.get(head.first);
    if (fn === undefined) {
      // Not decoded: what is in flight in it still is.
      this.#outcomes.unknownFunction(job, isData(value) ? value : undefined);
      return undefined;
    }
    if (typeof fn !== 'function' || (value instanceof Encoded && !value.needsNoModule)) {
      return this.#prepare(job, head.first, fn, value);
    }
    return value instanceof Encoded ? this.#runEncoded(job, fn, value) : this.#run(job, fn, value);
  }

  #runEncoded(job: Job, fn: TaskFunction, encoded: Encoded): Promise<void> | undefined {
    let args: unknown;
    try {
      args = encoded.decodeSync(this.#arrivals);
    } catch (error) {
      this.#outcomes.error(job, error);
      return undefined;
    }
    return this.#run(job, fn, args);
  }

  #define(id: number, text: string): void {
    if (this.#functions.size >= mostFunctions) this.#functions.clear();
    this.#functions.set(id, JSON.parse(text) as FunctionReference);
  }

  /** Loads the modules that the task needs. */
  async #prepare(
    job: Job,
    id: number,
    named: TaskFunction | FunctionReference,
    value: unknown,
  ): Promise<void> {
    let fn: TaskFunction;
    let args: unknown;
    try {
      fn = typeof named === 'function' ? named : ((await resolve(named)) as TaskFunction);
      this.#functions.set(id, fn);
      args = value instanceof Encoded ? await value.decode(this.#arrivals) : value;
    } catch (error) {
      this.#outcomes.error(job, error);
      return;
    }
    await this.#run(job, fn, args);
  }

  #run(job: Job, fn: TaskFunction, args: unknown): Promise<void> | undefined {
    switch (job.form) {
      case Form.items:
      case Form.numbers:
        return this.#runItems(job, args as Items, fn);
      case Form.argumentLists:
        return this.#runItems(job, args as Items, (list) => fn(...(list as readonly unknown[])));
      case Form.bare:
        return this.#runOnce(job, () => fn());
      case Form.single:
        return this.#runOnce(job, () => fn(args));
      case Form.list:
        return this.#runOnce(job, () => fn(...(args as readonly unknown[])));
    }
  }

  #runOnce(job: Job, call: () => unknown): Promise<void> | undefined {
    let value: unknown;
    try {
      value = call();
    } catch (error) {
      this.#outcomes.error(job, error);
      return undefined;
    }
    if (isThenable(value)) return this.#settle(job, value);
    this.#outcomes.value(job, value);
    return undefined;
  }

  async #settle(job: Job, pending: PromiseLike<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await pending;
    } catch (error) {
      this.#outcomes.error(job, error);
      return;
    }
    this.#outcomes.value(job, value);
  }

  /** All at once, as long as no item takes its time, needs its own, or may fail alone. */
  #runItems(job: Job, items: Items, fn: TaskFunction): Promise<void> | undefined {
    if (job.times || job.settles) return this.#runEach(job, items, fn);
    const values: unknown[] = [];
    try {
      for (const item of items) {
        const value = fn(item);
        if (isThenable(value)) return this.#runRest(job, items, fn, { values, pending: value });
        values.push(value);
      }
    } catch (error) {
      this.#outcomes.error(job, error);
      return undefined;
    }
    this.#outcomes.values(job, values);
    return undefined;
  }

  async #runRest(
    job: Job,
    items: Items,
    fn: TaskFunction,
    { values, pending }: { values: unknown[]; pending: PromiseLike<unknown> },
  ): Promise<void> {
    try {
      values.push(await pending);
      while (values.length < items.length) values.push(await fn(items[values.length]));
    } catch (error) {
      this.#outcomes.error(job, error);
      return;
    }
    this.#outcomes.values(job, values);
  }

  async #runEach(job: Job, items: Items, fn: TaskFunction): Promise<void> {
    const outcomes: Outcome[] = [];
    for (const item of items) {
      if (outcomes.length > 0) this.#state.nextItem(outcomes.length, clockMs());
      const outcome = await outcomeOf(fn, item);
      if (!job.settles && !outcome[0]) {
        this.#outcomes.error(job, outcome[1]);
        return;
      }
      outcomes.push(outcome);
    }
    if (job.settles) this.#outcomes.outcomes(job, outcomes);
    else
      this.#outcomes.values(
        job,
        outcomes.map(([, value]) => value),
      );
  }
}

function isData(value: unknown): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

async function outcomeOf(fn: TaskFunction, item: unknown): Promise<Outcome> {
  try {
    return [true, await fn(item)];
  } catch (error) {
    return [false, error];
  }
}
