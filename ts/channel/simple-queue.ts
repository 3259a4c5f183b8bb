// SimpleQueue: a queue without a limit of items.
import { register } from '../memory/registry.js';
import { ObjectKind } from '../native/binding.js';
import { Queue, ringOf } from './queue.js';

/**
 * A {@link Queue} that is made without `maxsize`. In CPython it is the one without a feeder thread; here none has
 * one. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.SimpleQueue | SimpleQueue}.
 *
 * @public
 */
export class SimpleQueue<T = unknown> extends Queue<T> {
  static {
    register({
      kind: ObjectKind.queue,
      type: SimpleQueue,
      addressOf: (queue) => ringOf(queue).address,
    });
  }
}
