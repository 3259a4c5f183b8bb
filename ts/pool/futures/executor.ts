// What executors of processes and of threads have in common: pools in the manner of
// concurrent.futures.
import { inspect } from 'node:util';

import { registerStayer } from '../../codec/carriers.js';
import { ClosedError, invalidArgument } from '../../errors.js';
import type { Callable } from '../../functions/reference.js';
import type { FunctionRef } from '../../functions/function-ref.js';
import type { WaitOptions } from '../../sync/options.js';
import { clockMs } from '../clock.js';
import { PoolCore } from '../core.js';
import type { CoreOptions } from '../core-options.js';
import type { Slot } from '../functions.js';
import { checkNames, checkTask, checkTimeout, optionalCount, type TaskTarget } from '../options.js';
import { Form, settlesItems, type Outcome } from '../protocol.js';
import { Task, type TaskEnd, type TaskWork } from '../task.js';
import { Future, setCall } from './future.js';
import { OrderedCalls, zip } from './ordered-calls.js';

/**
 * Choices for a new executor.
 *
 * @public
 */
export interface ExecutorOptions {
  /** An exported function that each worker calls once, before its first call. */
  readonly initializer?: Callable | FunctionRef | undefined;
  /** The arguments of `initializer`. */
  readonly initargs?: readonly unknown[] | undefined;
}

/**
 * Choices for `map` of an executor, its last argument.
 *
 * @public
 */
export interface ExecutorMapOptions extends WaitOptions {
  /** Calls in one message, 1 or more. Default: 1. */
  readonly chunksize?: number | undefined;
  /** The most calls that are submitted ahead of the results that were taken. Default: all. */
  readonly buffersize?: number | undefined;
}

/**
 * Choices for `shutdown`.
 *
 * @public
 */
export interface ShutdownOptions {
  /** Whether to wait until all is done and the workers have ended. Default: true. */
  readonly wait?: boolean | undefined;
  /** Whether calls that have not begun are cancelled. Default: false. */
  readonly cancelFutures?: boolean | undefined;
}

/** With what a task ends whose future is cancelled. */
const cancelling = Symbol('cancelled');

/** What nobody can reach any more ends when all its calls are done. */
const unreachable = new FinalizationRegistry((core: PoolCore) => {
  core.close();
});

export let coreOf: (executor: Executor) => PoolCore;

/** Whether the program's exit handlers run: nothing that is submitted then can come to an end. */
let isEnding = false;
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.prependListener('exit', () => {
    isEnding = true;
  });
}

/** What executors have in common. @public */
export abstract class Executor {
  readonly #core: PoolCore;
  #isShutDown = false;

  /** @internal */
  constructor(options: CoreOptions) {
    options.kind.check();
    listen();
    this.#core = new PoolCore(options);
    unreachable.register(this, this.#core);
  }

  /**
   * Calls `fn(...args)` in a worker. Arguments that cannot be sent are the future's error.
   *
   * @throws ClosedError after `shutdown`, and in exit handlers of the program; BrokenExecutor;
   * NotImportableError for a function that cannot be sent
   */
  submit<A extends readonly unknown[], R>(fn: TaskTarget<A, R>, ...args: A): Future<Awaited<R>> {
    this.#checkOpen('submit');
    const future = new Future<Awaited<R>>();
    const end = endOf(future, (value) => value as Awaited<R>);
    this.#call(future as Future, { fn: this.#core.functions.slotOf(fn), ...contentOf(args) }, end);
    return future;
  }

  /**
   * Calls the function with one item of each iterable, until the shortest ends; all calls are
   * submitted at once, or `buffersize` of them. A last argument may be options: `timeout` in ms from
   * this call on, `chunksize`, `buffersize`.
   *
   * @returns the results in order; the first error ends the iteration, and cancels the rest
   * @throws as `submit`; what the iterables throw
   */
  map<R>(
    fn: TaskTarget<never, R>,
    ...iterables: (Iterable<unknown> | ExecutorMapOptions)[]
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    this.#checkOpen('map');
    const { inputs, chunksize, buffersize, timeoutMs } = checkMap(iterables);
    const slot = this.#core.functions.slotOf(fn);
    return new OrderedCalls<Awaited<R>>({
      rows: zip(inputs),
      chunksize,
      buffersize,
      untilMs: performance.now() + timeoutMs,
      submit: (rows) => this.#submitRows(slot, rows),
    }).results();
  }

  /** No calls from now on; may be called again. */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkNames('shutdown()', options, ['wait', 'cancelFutures']);
    const { wait = true, cancelFutures = false } = options;
    this.#isShutDown = true;
    if (cancelFutures) this.#core.cancelAllWaiting(cancelling);
    this.#core.close();
    if (wait) await this.#core.crew.join();
  }

  /** `shutdown()`, as CPython's `with`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const { options, state, crew } = this.#core;
    return `${options.kind.poolName} { state: ${state}, maxWorkers: ${String(crew.size)} }`;
  }

  #checkOpen(method: string): void {
    const { state } = this.#core;
    if (this.#isShutDown || state === 'closed' || state === 'terminated') {
      throw new ClosedError(`${method}() cannot schedule new futures after shutdown`);
    }
    if (isEnding) {
      throw new ClosedError(`${method}() cannot schedule new futures at the end of the program`);
    }
    this.#core.checkOpen(method);
  }

  #submitRows(fn: Slot, rows: readonly (readonly unknown[])[]): Future<readonly Outcome[]> {
    this.#checkOpen('map');
    const future = new Future<readonly Outcome[]>();
    const end = endOf<readonly Outcome[]>(future, (value, isOutcomes) =>
      isOutcomes ? (value as readonly Outcome[]) : [[true, value]],
    );
    const content =
      rows.length === 1
        ? contentOf(rows[0]!)
        : { detail: Form.argumentLists | settlesItems, content: rows };
    this.#call(future as Future, { fn, ...content }, end);
    return future;
  }

  #call(future: Future, work: TaskWork, end: TaskEnd): void {
    const core = this.#core;
    let task: Task;
    try {
      task = new Task(work, checkTask(undefined, Infinity), end, clockMs());
    } catch (error) {
      // As in CPython: of this future alone.
      future.setException(error);
      return;
    }
    setCall(future, {
      cancel: () => task.isSettled || core.cancelWaiting(task, cancelling),
      isRunning: () => core.crew.memberOf(task)?.state.running === task.id,
    });
    core.submit(task);
  }

  static {
    coreOf = (executor) => executor.#core;
  }
}

/** Cancels all that has not begun. */
export function cancelWaiting(core: PoolCore): void {
  core.cancelAllWaiting(cancelling);
}

function endOf<T>(future: Future<T>, read: (value: unknown, isOutcomes: boolean) => T): TaskEnd {
  return {
    done: (value, isOutcomes) => {
      future.setResult(read(value, isOutcomes));
    },
    failed: (error) => {
      if (!future.done() && error !== cancelling) future.setException(error);
      else future.cancel();
    },
  };
}

function contentOf(args: readonly unknown[]): { detail: number; content: unknown } {
  if (args.length === 0) return { detail: Form.bare, content: undefined };
  return { detail: Form.list, content: args };
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  value !== undefined && value !== null && Symbol.iterator in Object(value);

function checkMap(given: readonly (Iterable<unknown> | ExecutorMapOptions)[]) {
  const last = given.at(-1);
  const hasOptions = given.length > 0 && !isIterable(last) && !isAsyncIterable(last);
  const inputs = hasOptions ? given.slice(0, -1) : given;
  for (const input of inputs) {
    if (isIterable(input)) continue;
    throw invalidArgument(
      `map() takes iterables, not ${inspect(input, { depth: 0 })}` +
        (isAsyncIterable(input) ? ': Pool.map() and imap() take async ones' : ''),
    );
  }
  const names = ['timeout', 'chunksize', 'buffersize'];
  const options = checkNames('map()', hasOptions ? last! : undefined, names);
  return {
    inputs: inputs as Iterable<unknown>[],
    timeoutMs: checkTimeout('timeout', options.timeout),
    chunksize: optionalCount('chunksize', options.chunksize ?? 1),
    buffersize: optionalCount('buffersize', options.buffersize),
  };
}

function isAsyncIterable(value: unknown): boolean {
  return value !== undefined && value !== null && Symbol.asyncIterator in Object(value);
}

registerStayer(Executor, "its workers are this one's");
