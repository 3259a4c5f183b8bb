// SimpleQueue: a queue without a limit of items.
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { ObjectKind } from '../native/binding.js';
import { openingOf, type QueueOpening } from './queue-options.js';
import { Queue, ringOf } from './queue.js';

/**
 * A {@link Queue} that is made without `maxsize`. In CPython it is the one without a feeder thread; here none has
 * one. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.SimpleQueue | SimpleQueue}.
 *
 * @public
 */
export class SimpleQueue<T = unknown> extends Queue<T> {
  /** As {@link Queue.open}. */
  static override open<T = unknown>(
    name: string,
    options: NameOptions & Omit<QueueOpening, 'maxsize'> = {},
  ): SimpleQueue<T> {
    const make = (): SimpleQueue<T> => new SimpleQueue<T>(...openingOf(options));
    return openNamed<SimpleQueue<T>>({ type: SimpleQueue, name, options, make });
  }

  static {
    register({
      kind: ObjectKind.queue,
      type: SimpleQueue,
      addressOf: (queue) => ringOf(queue).address,
    });
  }
}
