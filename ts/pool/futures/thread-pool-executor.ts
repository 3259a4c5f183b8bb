// ThreadPoolExecutor: an executor whose workers are threads.
import { invalidArgument } from '../../errors.js';
import { BrokenThreadPool } from '../../errors/pool.js';
import { cpuCount } from '../../process/cpu-count.js';
import { checkNames, checkPool, checkProcesses } from '../options.js';
import { threadKind } from '../thread-worker.js';
import { Executor, type ExecutorOptions } from './executor.js';

/**
 * Choices for a new ThreadPoolExecutor.
 *
 * @public
 */
export interface ThreadExecutorOptions extends ExecutorOptions {
  /** Threads are called by it and a number from 0: `fetch_0`. Default: `ThreadPoolExecutor-0`. */
  readonly threadNamePrefix?: string | undefined;
}

const names = ['threadNamePrefix', 'initializer', 'initargs'];
const brokenText = 'A thread initializer failed, the thread pool is not usable anymore';
/** As CPython's: threads may be more than the processors, for many of them wait. */
const extraThreads = 4;
const mostThreads = 32;
let executors = 0;

/**
 * A pool of threads in the manner of `concurrent.futures`. Threads are started when there are calls
 * for them. Each has modules and variables of its own, and arguments are copied, as between
 * processes. A call that ends its thread, by `process.exit()`, gets WorkerLostError, and breaks
 * nothing; an initializer that fails does. Source: CPython's
 * {@link https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor | ThreadPoolExecutor}.
 *
 * @example
 * ```ts
 * await using executor = new futures.ThreadPoolExecutor(4, { threadNamePrefix: 'square' });
 * console.log(await executor.submit(square, 7)); // 49
 * ```
 *
 * @public
 */
export class ThreadPoolExecutor extends Executor {
  /**
   * @param maxWorkers - how many threads, 1 or more; default: `cpuCount()` + 4, at most 32
   * @param options - `threadNamePrefix`, `initializer`, `initargs`
   * @throws RangeError, TypeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_BOOTSTRAP` when the main module lacks its guard
   */
  constructor(maxWorkers?: number | null, options?: ThreadExecutorOptions) {
    const { threadNamePrefix, ...rest } = checkNames('ThreadPoolExecutor', options, names);
    if (threadNamePrefix !== undefined && typeof (threadNamePrefix as unknown) !== 'string') {
      throw invalidArgument('threadNamePrefix must be a string');
    }
    const usual = Math.min(cpuCount() + extraThreads, mostThreads);
    const processes = checkProcesses(maxWorkers ?? usual, 'maxWorkers');
    const prefix = threadNamePrefix ?? `ThreadPoolExecutor-${String(executors)}`;
    super({
      ...checkPool(rest),
      kind: threadKind('ThreadPoolExecutor', (number) => `${prefix}_${String(number - 1)}`),
      processes,
      onDemand: true,
      breaksWith: (cause) => new BrokenThreadPool(brokenText, { cause }),
    });
    executors += 1;
  }
}
