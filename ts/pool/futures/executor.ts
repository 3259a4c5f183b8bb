// ProcessPoolExecutor: a pool in the manner of concurrent.futures.
import { ClosedError } from '../../errors.js';
import { BrokenProcessPool } from '../../errors/pool.js';
import { methodOf } from '../../process/options.js';
import type { StartMethod } from '../../process/start-method.js';
import { checkAwait, type WaitOptions } from '../../sync/options.js';
import { clockMs } from '../clock.js';
import { PoolCore } from '../core.js';
import type { CoreOptions } from '../core-options.js';
import { checkNames, checkPool, checkProcesses, checkTask, type TaskTarget } from '../options.js';
import type { PoolOptions } from '../options.js';
import { processKind } from '../process-worker.js';
import { Form } from '../protocol.js';
import { Task } from '../task.js';
import { Future, setCall } from './future.js';

/**
 * Choices for a new executor.
 *
 * @public
 */
export interface ExecutorOptions extends Pick<
  PoolOptions,
  'initializer' | 'initargs' | 'maxTasksPerChild'
> {
  /** How workers are started: a context of `getContext()`, or a start method. */
  readonly mpContext?: StartMethod | { getStartMethod(): StartMethod } | undefined;
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

const names = ['initializer', 'initargs', 'maxTasksPerChild', 'mpContext'];
const lostText =
  'A process in the process pool was terminated abruptly while the future was running or pending.';

/** What executors have in common. @public */
export abstract class Executor {
  readonly #core: PoolCore;

  /** @internal */
  constructor(options: CoreOptions) {
    options.kind.check();
    this.#core = new PoolCore(options);
  }

  /**
   * Calls `fn(...args)` in a worker.
   *
   * @throws ClosedError after `shutdown`; BrokenProcessPool; NotImportableError for a function that
   * cannot be sent
   */
  submit<A extends readonly unknown[], R>(fn: TaskTarget<A, R>, ...args: A): Future<Awaited<R>> {
    const core = this.#core;
    if (core.state === 'closed' || core.state === 'terminated') {
      throw new ClosedError('cannot schedule new futures after shutdown');
    }
    core.checkOpen('submit');
    const future = new Future<Awaited<R>>();
    const end = {
      done: (value: unknown) => {
        future.setResult(value as Awaited<R>);
      },
      failed: (error: unknown) => {
        if (!future.done() && error !== cancelling) future.setException(error);
        else future.cancel();
      },
    };
    const content = args.length === 0 ? undefined : args;
    const detail = args.length === 0 ? Form.bare : Form.list;
    const fnSlot = core.functions.slotOf(fn);
    let task: Task;
    try {
      task = new Task(
        { fn: fnSlot, detail, content },
        checkTask(undefined, Infinity),
        end,
        clockMs(),
      );
    } catch (error) {
      // As in CPython: of this future alone.
      future.setException(error);
      return future;
    }
    setCall(future as Future, {
      cancel: () => task.isSettled || core.cancelWaiting(task, cancelling),
      isRunning: () => core.crew.memberOf(task)?.state.running === task.id,
    });
    core.submit(task);
    return future;
  }

  /**
   * Calls the function with one item of each iterable, until the shortest ends; all calls are
   * submitted at once. A last argument may be options: `timeout` in ms from the call.
   *
   * @returns the results in order; the first error ends the iteration, and cancels the rest
   */
  map<R>(
    fn: TaskTarget<never, R>,
    ...iterables: (Iterable<unknown> | WaitOptions)[]
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    const last = iterables.at(-1);
    const isOptions = last !== undefined && !(Symbol.iterator in Object(last));
    const options = isOptions ? (iterables.pop() as WaitOptions) : undefined;
    const { timeoutMs } = checkAwait('map', options);
    const call = this.submit.bind(this) as unknown as (
      fn: unknown,
      ...args: readonly unknown[]
    ) => Future<Awaited<R>>;
    const futures = zip(iterables as Iterable<unknown>[]).map((args) => call(fn, ...args));
    return inOrder(futures, performance.now() + timeoutMs);
  }

  /** No calls from now on; may be called again. */
  async shutdown({ wait = true, cancelFutures = false }: ShutdownOptions = {}): Promise<void> {
    if (cancelFutures) this.#core.cancelAllWaiting(cancelling);
    this.#core.close();
    if (wait) await this.#core.crew.join();
  }

  /** `shutdown()`, as CPython's `with`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/** With what a task ends whose future is cancelled. */
const cancelling = Symbol('cancelled');

function zip(iterables: readonly Iterable<unknown>[]): unknown[][] {
  const lists = iterables.map((iterable) => Array.from(iterable));
  const length = Math.min(...lists.map((list) => list.length));
  if (lists.length === 0) return [];
  return Array.from(lists[0]!.slice(0, length).keys(), (i) => lists.map((list) => list[i]));
}

async function* inOrder<T>(
  futures: readonly Future<T>[],
  untilMs: number,
): AsyncGenerator<T, void, undefined> {
  try {
    for (const future of futures) {
      yield await future.result({ timeout: untilMs - performance.now() });
    }
  } finally {
    for (const future of futures) future.cancel();
  }
}

/**
 * A pool of processes in the manner of `concurrent.futures`. Workers are started when there are calls
 * for them. As in CPython, a worker that ends abruptly breaks the executor; a {@link Pool} goes on.
 * Source: CPython's
 * {@link https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor | ProcessPoolExecutor}.
 *
 * @example
 * ```ts
 * await using executor = new futures.ProcessPoolExecutor(4);
 * console.log(await executor.submit(square, 7)); // 49
 * ```
 *
 * @public
 */
export class ProcessPoolExecutor extends Executor {
  /**
   * @param maxWorkers - how many workers, 1 or more; default: `cpuCount()`
   * @param options - `initializer`, `initargs`, `maxTasksPerChild`, `mpContext`
   */
  constructor(maxWorkers?: number | null, options?: ExecutorOptions) {
    const { mpContext, ...rest } = checkNames('ProcessPoolExecutor', options, names);
    super({
      ...checkPool(rest),
      kind: processKind(methodOf(mpContext)),
      processes: checkProcesses(maxWorkers),
      onDemand: true,
      breaksWith: (cause) => new BrokenProcessPool(lostText, { cause }),
    });
  }
}
