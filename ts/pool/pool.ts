// Pool: workers that run functions for this process.
import { methodOf } from '../process/options.js';
import { BasePool } from './base-pool.js';
import {
  checkNames,
  checkPool,
  checkProcesses,
  checkTimeout,
  poolNames,
  type PoolOptions,
} from './options.js';
import { processKind } from './process-worker.js';
import type { WorkerKind } from './worker.js';

const kindOf = ({ context }: PoolOptions): WorkerKind => processKind(methodOf(context), 'Pool');

/**
 * Workers, each a process of its own, that run functions for this one.
 *
 * A task that was given to the pool comes to one end, whatever happens: a worker that is killed, or
 * ends by itself, rejects the task that it was running with WorkerLostError, and no other; it is
 * replaced. Nothing is run twice, unless `retries` says so. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#module-multiprocessing.pool | Pool}.
 *
 * An idle pool keeps no program alive. Ctrl-C is left to this process: its workers ignore SIGINT.
 *
 * @example
 * ```ts
 * export function square(x: number) { return x * x; }
 *
 * if (isMainProcess()) {
 *   await using pool = new Pool(4);
 *   console.log(await pool.map(square, [1, 2, 3])); // [1, 4, 9]
 * }
 * ```
 *
 * @public
 */
export class Pool extends BasePool {
  /**
   * @param processes - how many workers, 1 or more; default: `cpuCount()`
   * @param options - see {@link PoolOptions}
   * @throws RangeError, TypeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_DAEMON_CHILD` in a daemon, `ERR_MP_BOOTSTRAP` when the main
   * module lacks its guard
   */
  constructor(processes?: number | null, options?: PoolOptions) {
    const checked = checkNames('Pool', options, poolNames);
    super(
      {
        ...checkPool(checked),
        kind: kindOf(checked),
        processes: checkProcesses(processes),
        onDemand: false,
      },
      checkTimeout('taskTimeout', checked.taskTimeout),
    );
  }
}
