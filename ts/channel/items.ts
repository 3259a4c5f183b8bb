// All that is in a queue, one after the other.
import { Encoded } from '../codec/message.js';
import { QueueShutDownError } from '../errors/queue.js';
import { native } from '../native/binding.js';
import { Refused, type Ring } from './ring.js';

/** What `next` gives, until it throws what `isEnd` knows. */
export async function* untilEnd<T>(
  next: () => Promise<T>,
  isEnd: (error: unknown) => boolean,
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let item: T;
    try {
      item = await next();
    } catch (error) {
      if (isEnd(error)) return;
      throw error;
    }
    yield item;
  }
}

/** Items as `get` gives them, until the queue was shut down and is empty. */
export function itemsUntilShutDown<T>(get: () => Promise<T>): AsyncGenerator<T, void, undefined> {
  return untilEnd(get, (error) => error instanceof QueueShutDownError);
}

/** Gives back what is in items that nobody will get, and reports them done. */
export function discardItems(ring: Ring): void {
  for (let value; (value = ring.takeDiscarded()) !== Refused.busy;) {
    if (value instanceof Encoded) value.discard();
    native.ringTaskDone(ring.address);
  }
}
