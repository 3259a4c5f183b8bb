// The errors of threads.
import { MultiprocessingError, setName } from '../errors.js';

/**
 * A thread was used in a state in which that makes no sense: started twice, joined before its start
 * or by itself. `code` is `ERR_MP_THREAD_STATE`.
 *
 * @public
 */
export class ThreadStateError extends MultiprocessingError {
  /** @param message - what was tried, and when it may be */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_THREAD_STATE' });
  }

  static {
    setName(this, 'ThreadStateError');
  }
}

/**
 * A thread ended before its target returned: it was terminated, ran out of memory, called
 * `process.exit()`, or had nothing left to do. `code` is `ERR_MP_THREAD`.
 *
 * @public
 */
export class ThreadError extends MultiprocessingError {
  /** The exit code of the thread. */
  readonly exitCode: number;

  /**
   * @param message - which thread, and how it ended
   * @param details - `exitCode`; `cause`: what Node said
   */
  constructor(message: string, details: { exitCode: number; cause?: unknown }) {
    const { exitCode, cause } = details;
    super(message, { code: 'ERR_MP_THREAD', ...(cause === undefined ? {} : { cause }) });
    this.exitCode = exitCode;
  }

  static {
    setName(this, 'ThreadError');
  }
}
