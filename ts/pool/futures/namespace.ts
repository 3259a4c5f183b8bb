// What `futures` of the package has: concurrent.futures.
export {
  BrokenExecutor,
  BrokenProcessPool,
  BrokenThreadPool,
  CancelledError,
  InvalidStateError,
} from '../../errors/pool.js';
export {
  Executor,
  type ExecutorMapOptions,
  type ExecutorOptions,
  type ShutdownOptions,
} from './executor.js';
export { Future } from './future.js';
export { ProcessPoolExecutor, type ProcessExecutorOptions } from './process-pool-executor.js';
export { ThreadPoolExecutor, type ThreadExecutorOptions } from './thread-pool-executor.js';
export {
  ALL_COMPLETED,
  asCompleted,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  wait,
  type WaitFuturesOptions,
} from './waits.js';
