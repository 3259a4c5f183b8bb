// The errors of queues.
import { MultiprocessingError, setName, TimeoutError } from '../errors.js';

/**
 * A queue had no item to get: at once, or within the timeout. `code` is `ERR_MP_QUEUE_EMPTY`.
 *
 * @public
 */
export class QueueEmptyError extends TimeoutError {
  /** @param message - which queue, and how long it was waited for */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_QUEUE_EMPTY' });
  }

  static {
    setName(this, 'QueueEmptyError');
  }
}

/**
 * A queue had no room for an item, in items or in bytes, at once or within the timeout. Nothing was
 * put. `code` is `ERR_MP_QUEUE_FULL`.
 *
 * @public
 */
export class QueueFullError extends TimeoutError {
  /** @param message - which queue, and how long it was waited for */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_QUEUE_FULL' });
  }

  static {
    setName(this, 'QueueFullError');
  }
}

/**
 * A queue was shut down: nothing can be put any more, and what it had is gone. `code` is
 * `ERR_MP_QUEUE_SHUT_DOWN`.
 *
 * @public
 */
export class QueueShutDownError extends MultiprocessingError {
  /** @param message - what was tried */
  constructor(message: string) {
    super(message, { code: 'ERR_MP_QUEUE_SHUT_DOWN' });
  }

  static {
    setName(this, 'QueueShutDownError');
  }
}
