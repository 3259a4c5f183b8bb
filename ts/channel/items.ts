// All that is in a queue, one after the other.
import { Encoded } from '../codec/message.js';
import { QueueShutDownError } from '../errors/queue.js';
import { native } from '../native/binding.js';
import { Refused, type Ring } from './ring.js';

/** Items as `get` gives them, until the queue was shut down and is empty. */
export async function* itemsUntilShutDown<T>(
  get: () => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let item: T;
    try {
      item = await get();
    } catch (error) {
      if (error instanceof QueueShutDownError) return;
      throw error;
    }
    yield item;
  }
}

/** Gives back what is in items that nobody will get, and reports them done. */
export function discardItems(ring: Ring): void {
  for (let value; (value = ring.takeDiscarded()) !== Refused.busy;) {
    if (value instanceof Encoded) value.discard();
    native.ringTaskDone(ring.address);
  }
}
