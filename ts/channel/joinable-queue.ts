// JoinableQueue: a queue that knows when everything that was put has been dealt with.
import { OverReleaseError } from '../errors.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind } from '../native/binding.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { Await, Line } from './line.js';
import { openingOf, type QueueOpening } from './queue-options.js';
import { Queue, ringOf } from './queue.js';

/**
 * A {@link Queue} whose users say when they have dealt with an item, and can wait until all are.
 *
 * What a killed process had got and not reported is never reported: `join` waits on, as in CPython.
 * Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.JoinableQueue | JoinableQueue}.
 *
 * @public
 */
export class JoinableQueue<T = unknown> extends Queue<T> {
  #joins: Line<boolean> | undefined;

  /**
   * Reports one item that was got as dealt with.
   *
   * @throws OverReleaseError when it is called more often than items were put
   */
  taskDone(): void {
    if (native.ringTaskDone(ringOf(this).address)) return;
    throw new OverReleaseError('taskDone() was called too many times: once for each item');
  }

  /** Items that were put and not yet reported as dealt with. */
  get unfinished(): number {
    return native.ringUnfinished(ringOf(this).address);
  }

  /**
   * Waits until every item that was put is dealt with.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns false when the timeout passed
   */
  async join(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('join', options);
    wait.signal?.throwIfAborted();
    if (this.unfinished === 0) return true;
    if (wait.timeoutMs === 0) return false;
    this.#joins ??= new Line(ringOf(this).address);
    const timedOut = new Error('join');
    try {
      return await this.#joins.wait(
        {
          detail: Await.done,
          run: (waiting) => {
            if (this.unfinished > 0) return false;
            waiting.resolve(true);
            return true;
          },
          timedOut: () => timedOut,
        },
        wait,
      );
    } catch (error) {
      if (error === timedOut) return false;
      throw error;
    }
  }

  /** As {@link JoinableQueue.join}, blocking the thread. */
  joinSync(options?: WaitOptions): boolean {
    return native.ringJoin(ringOf(this).address, checkWait('joinSync', options));
  }

  /** As {@link Queue.open}. */
  static override open<T = unknown>(
    name: string,
    options: NameOptions & QueueOpening = {},
  ): JoinableQueue<T> {
    const make = (): JoinableQueue<T> => new JoinableQueue<T>(...openingOf(options));
    return openNamed<JoinableQueue<T>>({ type: JoinableQueue, name, options, make });
  }

  static {
    register({
      kind: ObjectKind.queue,
      type: JoinableQueue,
      addressOf: (queue) => ringOf(queue).address,
    });
  }
}
