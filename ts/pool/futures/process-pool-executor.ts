// ProcessPoolExecutor: an executor whose workers are processes.
import { BrokenProcessPool } from '../../errors/pool.js';
import { methodOf } from '../../process/options.js';
import type { StartMethod } from '../../process/start-method.js';
import { checkNames, checkPool, checkProcesses, type PoolOptions } from '../options.js';
import { processKind } from '../process-worker.js';
import { cancelWaiting, coreOf, Executor, type ExecutorOptions } from './executor.js';

/**
 * Choices for a new ProcessPoolExecutor.
 *
 * @public
 */
export interface ProcessExecutorOptions
  extends ExecutorOptions, Pick<PoolOptions, 'maxTasksPerChild'> {
  /** How workers are started: a context of `getContext()`, or a start method. */
  readonly mpContext?: StartMethod | { getStartMethod(): StartMethod } | undefined;
}

const names = ['initializer', 'initargs', 'maxTasksPerChild', 'mpContext'];
const lostText =
  'A process in the process pool was terminated abruptly while the future was running or pending.';

/**
 * A pool of processes in the manner of `concurrent.futures`. Workers are started when there are calls
 * for them. As in CPython, a worker that is ended by a signal, or crashes, breaks the executor; a
 * {@link Pool} goes on. A call that ends its process by `process.exit()` gets WorkerLostError, and
 * breaks nothing. Source: CPython's
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
   * @throws RangeError, TypeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_DAEMON_CHILD` in a daemon, `ERR_MP_BOOTSTRAP` when the main
   * module lacks its guard
   */
  constructor(maxWorkers?: number | null, options?: ProcessExecutorOptions) {
    const { mpContext, ...rest } = checkNames('ProcessPoolExecutor', options, names);
    super({
      ...checkPool(rest),
      kind: processKind(methodOf(mpContext), 'ProcessPoolExecutor'),
      processes: checkProcesses(maxWorkers, 'maxWorkers'),
      onDemand: true,
      breaksWith: (cause) => new BrokenProcessPool(lostText, { cause }),
    });
  }

  /**
   * Ends all workers by SIGTERM, after 0.5 s by SIGKILL, and shuts down without a wait: calls that
   * run end with BrokenProcessPool, those that have not begun are cancelled.
   */
  terminateWorkers(): void {
    this.#end('terminateWorkers', false);
  }

  /** As `terminateWorkers`, by SIGKILL at once. */
  killWorkers(): void {
    this.#end('killWorkers', true);
  }

  #end(method: string, isHard: boolean): void {
    const core = coreOf(this);
    cancelWaiting(core);
    core.fail(new BrokenProcessPool(`${method}() ended the process of this call`), isHard);
    void this.shutdown({ wait: false });
  }
}
