// ThreadPool: a Pool whose workers are threads.
import { BasePool } from './base-pool.js';
import {
  checkNames,
  checkPool,
  checkProcesses,
  checkTimeout,
  poolNames,
  type PoolOptions,
} from './options.js';
import { threadKind } from './thread-worker.js';

/** Threads have no start method, and share one memory. */
const ownNames = poolNames.filter((name) => name !== 'context' && name !== 'maxMemory');

/**
 * A Pool whose workers are threads of this process: they start sooner and take less memory, but a
 * crash of native code in one ends them all. Threads have their own modules and variables; the
 * functions are found, and the arguments copied, as between processes. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.ThreadPool | ThreadPool}.
 *
 * @example
 * ```ts
 * await using pool = new ThreadPool(4);
 * console.log(await pool.map(square, [1, 2, 3])); // [1, 4, 9]
 * ```
 *
 * @public
 */
export class ThreadPool extends BasePool {
  /**
   * @param threads - how many workers, 1 or more; default: `cpuCount()`
   * @param options - as for a Pool, but for `context` and `maxMemory`
   * @throws RangeError, TypeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_BOOTSTRAP` when the main module lacks its guard
   */
  constructor(threads?: number | null, options?: Omit<PoolOptions, 'context' | 'maxMemory'>) {
    const checked: PoolOptions = checkNames('ThreadPool', options, ownNames);
    super(
      {
        ...checkPool(checked),
        kind: threadKind('ThreadPool', (number) => `ThreadPoolWorker-${String(number)}`),
        processes: checkProcesses(threads),
        onDemand: false,
      },
      checkTimeout('taskTimeout', checked.taskTimeout),
    );
  }
}
