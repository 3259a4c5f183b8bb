// What `futures` of the package has: concurrent.futures.
export {
  BrokenExecutor,
  BrokenProcessPool,
  CancelledError,
  InvalidStateError,
} from '../../errors/pool.js';
export {
  Executor,
  ProcessPoolExecutor,
  type ExecutorOptions,
  type ShutdownOptions,
} from './executor.js';
export { Future } from './future.js';
export {
  ALL_COMPLETED,
  asCompleted,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  wait,
  type WaitFuturesOptions,
} from './waits.js';
