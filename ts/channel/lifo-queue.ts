// LifoQueue: the item that was put last is next.
import { register } from '../memory/registry.js';
import { ObjectKind } from '../native/binding.js';
import { internals, OrderedPlace, OrderedQueue, type OrderedDetail } from './ordered-queue.js';
import type { QueueOptions } from './queue-options.js';

const noKey = new Uint8Array();

/**
 * A queue of which the item that was put last is got first: a stack. Source: CPython's
 * {@link https://docs.python.org/3/library/queue.html#queue.LifoQueue | LifoQueue}.
 *
 * @public
 */
export class LifoQueue<T = unknown> extends OrderedQueue<T> {
  /**
   * @param maxsize - the most items in it; 0 or less: 2147483647
   * @param options - `maxBytes`: 65536 … 268435456, which is the default
   * @throws TypeError, RangeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(maxsize = 0, options: QueueOptions = {}) {
    super('youngest', maxsize, options);
  }

  /**
   * By which an item is before others.
   *
   * @internal
   */
  protected override keyOf(): Uint8Array {
    return noKey;
  }

  static {
    register({
      kind: ObjectKind.queue,
      type: LifoQueue,
      ...internals,
      open: (place, detail) =>
        new LifoQueue(new OrderedPlace(place.address, detail as OrderedDetail) as never),
    });
  }
}
