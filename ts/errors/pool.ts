// The errors of pools and executors.
import { MultiprocessingError, setName } from '../errors.js';

/**
 * A worker of a pool ended while it ran the task that this error is the outcome of. The other tasks
 * are not concerned, and the worker is replaced. `code` is `ERR_MP_WORKER_LOST`.
 *
 * @public
 */
export class WorkerLostError extends MultiprocessingError {
  /** Number of the worker's process; null for a thread. */
  readonly pid: number | null;
  /** As `exitCode` of a Process: negative when a signal ended it. */
  readonly exitCode: number;
  /** Name of the signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;

  /**
   * @param message - which worker, and how it ended
   * @param details - `pid`, `exitCode` and `signal`
   */
  constructor(
    message: string,
    details: { pid: number | null; exitCode: number; signal: NodeJS.Signals | null },
  ) {
    super(message, { code: 'ERR_MP_WORKER_LOST' });
    this.pid = details.pid;
    this.exitCode = details.exitCode;
    this.signal = details.signal;
  }

  static {
    setName(this, 'WorkerLostError');
  }
}

/**
 * What a task returned, or threw, cannot be sent: `cause` says why. The task has run. The name is
 * CPython's. `code` is `ERR_MP_MAYBE_ENCODING`.
 *
 * @public
 */
export class MaybeEncodingError extends MultiprocessingError {
  /**
   * @param message - what it was, and why it cannot be sent
   * @param details - `cause`: what the codec said
   */
  constructor(message: string, details: { cause?: unknown } = {}) {
    super(message, { code: 'ERR_MP_MAYBE_ENCODING', ...details });
  }

  static {
    setName(this, 'MaybeEncodingError');
  }
}

/**
 * A future was cancelled before it ran. `code` is `ERR_MP_CANCELLED`.
 *
 * @public
 */
export class CancelledError extends MultiprocessingError {
  /** @param message - what was cancelled */
  constructor(message = 'the future was cancelled') {
    super(message, { code: 'ERR_MP_CANCELLED' });
  }

  static {
    setName(this, 'CancelledError');
  }
}

/**
 * A future was given a result in a state in which it can have none. `code` is
 * `ERR_MP_INVALID_STATE`.
 *
 * @public
 */
export class InvalidStateError extends MultiprocessingError {
  /** @param message - the state that it is in */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_INVALID_STATE' });
  }

  static {
    setName(this, 'InvalidStateError');
  }
}

/**
 * An executor cannot be used any more. `code` is `ERR_MP_BROKEN_EXECUTOR`.
 *
 * @public
 */
export class BrokenExecutor extends MultiprocessingError {
  /**
   * @param message - what broke it
   * @param details - `cause`: the error of its worker
   */
  constructor(message: string, details: { cause?: unknown } = {}) {
    super(message, { code: 'ERR_MP_BROKEN_EXECUTOR', ...details });
  }

  static {
    setName(this, 'BrokenExecutor');
  }
}

/**
 * A worker of a ProcessPoolExecutor was ended by a signal, or could not be set up: all futures that
 * were not done get this, and so does every later call. `code` is `ERR_MP_BROKEN_EXECUTOR`.
 *
 * @public
 */
export class BrokenProcessPool extends BrokenExecutor {
  static {
    setName(this, 'BrokenProcessPool');
  }
}

/**
 * The initializer of a ThreadPoolExecutor failed: all futures that were not done get this, and so
 * does every later call. `code` is `ERR_MP_BROKEN_EXECUTOR`.
 *
 * @public
 */
export class BrokenThreadPool extends BrokenExecutor {
  static {
    setName(this, 'BrokenThreadPool');
  }
}
