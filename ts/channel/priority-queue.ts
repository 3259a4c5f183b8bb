// PriorityQueue: the least item is next.
import { register } from '../memory/registry.js';
import { ObjectKind } from '../native/binding.js';
import { orderKey } from './order-key.js';
import { internals, OrderedPlace, OrderedQueue, type OrderedDetail } from './ordered-queue.js';
import type { QueueOptions } from './queue-options.js';

/**
 * A queue whose least item is got first; of those that are alike, the one that was put first.
 *
 * Items are numbers, bigints, booleans, Dates or texts, or arrays that begin with them, as
 * `[priority, task]`. Numbers come before texts, texts before arrays; arrays compare element by
 * element. What has no order, such as an object, is alike, so it never decides: Python raises an
 * error there. Source: CPython's
 * {@link https://docs.python.org/3/library/queue.html#queue.PriorityQueue | PriorityQueue}.
 *
 * @example
 * ```ts
 * const tasks = new queue.PriorityQueue<[number, string]>();
 * tasks.putSync([2, 'later']);
 * tasks.putSync([1, 'soon']);
 * tasks.getSync(); // [1, 'soon']
 * ```
 *
 * @public
 */
export class PriorityQueue<T = unknown> extends OrderedQueue<T> {
  /**
   * @param maxsize - the most items in it; 0 or less: 2147483647
   * @param options - `maxBytes`: 65536 … 268435456, which is the default
   * @throws TypeError, RangeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(maxsize = 0, options: QueueOptions = {}) {
    super('priority', maxsize, options);
  }

  /**
   * By which an item is before others.
   *
   * @internal
   */
  protected override keyOf(item: T): Uint8Array {
    return orderKey(item);
  }

  static {
    register({
      kind: ObjectKind.queue,
      type: PriorityQueue,
      ...internals,
      open: (place, detail) =>
        new PriorityQueue(new OrderedPlace(place.address, detail as OrderedDetail) as never),
    });
  }
}
