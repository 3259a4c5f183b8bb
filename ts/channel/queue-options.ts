// What queues are made with, checked at the edge, and the errors of their methods.
import { ClosedError, invalidArgument, MultiprocessingError, outOfRange } from '../errors.js';
import { QueueEmptyError, QueueShutDownError } from '../errors/queue.js';
import { checkFlag, checkOptionsObject, describe } from './buffers.js';
import { Refused } from './ring.js';

/** Of items, as in CPython. */
const mostItems = 2 ** 31 - 1;
const defaultMaxBytes = 256 * 2 ** 20;
const namedMaxBytes = 16 * 2 ** 20;
const leastMaxBytes = 64 * 2 ** 10;
const mostMaxBytes = 2 ** 30;

/**
 * Choices for a new queue.
 *
 * @public
 */
export interface QueueOptions {
  /**
   * The most bytes that may be under way in it, as messages: 65536 … 1073741824, default 268435456
   * (256 MiB). A queue starts with 64 KiB of shared memory and grows as needed. At the limit `put`
   * waits, as when the queue is full; an item that is larger is refused.
   */
  readonly maxBytes?: number | undefined;
}

/**
 * What a queue starts as that {@link Queue.open} makes.
 *
 * @public
 */
export interface QueueOpening extends QueueOptions {
  /** The most items in it (default and 0 or less: 2147483647). */
  readonly maxsize?: number | undefined;
  /**
   * As of other queues; but the default is 16777216 (16 MiB), for a queue with a name takes four
   * times as many addresses, of which a process has 3 GiB for all names.
   */
  readonly maxBytes?: number | undefined;
}

/** What a new queue with a name is made with. */
export function openingOf(options: QueueOpening): [maxsize: number, options: QueueOptions] {
  const { maxsize = 0, maxBytes = namedMaxBytes } = options;
  return [maxsize, { maxBytes }];
}

/** For a get that found nothing in time. */
export function isEmpty(): QueueEmptyError {
  return new QueueEmptyError('the queue had no item within the timeout');
}

/** For a get that got nothing. */
export function nothing(refused: Refused): QueueEmptyError | QueueShutDownError {
  if (refused === Refused.busy) return isEmpty();
  return new QueueShutDownError('get() on a queue that was shut down and is empty');
}

/** For use after close. */
export function isClosed(method: string): ClosedError {
  return new ClosedError(`${method}() on a queue that is closed`);
}

/** For what is done after close only. */
export function isOpen(): MultiprocessingError {
  return new MultiprocessingError('close() the queue before you join its thread', {
    code: 'ERR_MP_QUEUE_OPEN',
  });
}

/** The most items that a queue is to have. */
export function checkMaxsize(maxsize: unknown): number {
  if (typeof maxsize !== 'number' || Number.isNaN(maxsize)) {
    throw invalidArgument(`maxsize must be a number of items, not ${describe(maxsize)}`);
  }
  if (maxsize <= 0 || maxsize >= mostItems) return mostItems;
  if (!Number.isInteger(maxsize)) throw outOfRange(`maxsize must be whole, not ${maxsize}`);
  return maxsize;
}

/** The most bytes that a queue is to have. */
export function checkMaxBytes(options: QueueOptions): number {
  checkOptionsObject('Queue', '{ maxBytes: 2 ** 28 }', options);
  const { maxBytes = defaultMaxBytes } = options;
  if (typeof (maxBytes as unknown) !== 'number' || !Number.isInteger(maxBytes)) {
    throw invalidArgument(`maxBytes must be a whole number of bytes, not ${describe(maxBytes)}`);
  }
  if (maxBytes < leastMaxBytes || maxBytes > mostMaxBytes) {
    throw outOfRange(`maxBytes must be ${leastMaxBytes} … ${mostMaxBytes}, not ${maxBytes}`);
  }
  return maxBytes;
}

/** The same for a queue that keeps its items in an order of its own. */
export function checkOrderedBytes(options: QueueOptions): number {
  const maxBytes = checkMaxBytes(options);
  if (maxBytes <= defaultMaxBytes) return maxBytes;
  throw outOfRange(`maxBytes must be ${leastMaxBytes} … ${defaultMaxBytes}, not ${maxBytes}`);
}

/** Checks items that are to be put. */
export function checkItems<T>(method: string, items: Iterable<T>): Iterable<T> {
  const given: unknown = items;
  const isList = typeof given === 'string' || (typeof given === 'object' && given !== null);
  if (isList && Symbol.iterator in Object(given)) return items;
  throw invalidArgument(`${method}() takes an iterable of items, not ${describe(given)}`);
}

/** Whether what is in a queue is to be dropped. */
export function checkShutdown(options: { readonly immediate?: boolean | undefined }): boolean {
  checkOptionsObject('shutdown', '{ immediate: true }', options);
  return checkFlag('shutdown', 'immediate', options.immediate ?? false);
}

/** Checks how many items are to be got. */
export function checkMost(most: unknown): void {
  if (typeof most !== 'number' || Number.isNaN(most)) {
    throw invalidArgument(`most must be a number of items, not ${describe(most)}`);
  }
  if (most < 1) throw outOfRange(`most must be 1 or more, not ${String(most)}`);
}
