// What PriorityQueue and LifoQueue have in common: items in shared memory in an order of their own,
// under one lock, with a condition for each thing that can be waited for: as CPython's queue.Queue.
import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';

import {
  discardMessage,
  Encoded,
  keepMessage,
  messageOf,
  type Keeper,
  type Message,
} from '../codec/message.js';
import { OverReleaseError } from '../errors.js';
import { QueueFullError, QueueShutDownError } from '../errors/queue.js';
import { createRing, Place } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { HeapLock, type HeapAttempt, type HeapLockHandles } from './heap-lock.js';
import { HeapMemory } from './heap-memory.js';
import { itemBytes, type Order } from './heap-region.js';
import { refused } from './pending-put.js';
import {
  checkMaxsize,
  checkOrderedBytes,
  checkShutdown,
  isClosed,
  isEmpty,
  type QueueOptions,
} from './queue-options.js';
import { Refusal } from './ring.js';

/** What others must know of one, besides its place. */
export interface OrderedDetail extends HeapLockHandles {
  readonly maxsize: number;
  readonly maxBytes: number;
}

/** Given to constructors instead of a maxsize. */
export class OrderedPlace extends Place {
  constructor(
    address: number,
    readonly detail: OrderedDetail,
  ) {
    super(address);
  }
}

/** What a get found. */
interface Found {
  readonly value: unknown;
}

export let internals: {
  addressOf(queue: object): number;
  detailOf(queue: object, holder: number | undefined): OrderedDetail;
};

const wasShutDown = (method: string): QueueShutDownError =>
  new QueueShutDownError(
    method === 'put'
      ? 'put() on a queue that was shut down'
      : 'get() on a queue that was shut down and is empty',
  );

/**
 * Items of any number of threads and processes, which come out in an order of their own: see
 * `PriorityQueue` and `LifoQueue`.
 *
 * @public
 */
export abstract class OrderedQueue<T = unknown> {
  readonly #address: number;
  readonly #maxsize: number;
  readonly #maxBytes: number;
  readonly #memory: HeapMemory;
  readonly #lock: HeapLock;
  readonly #keeper: Keeper;
  readonly #closing = new AbortController();
  #isClosed = false;

  /** @internal */
  constructor(order: Order, maxsize: number, options: QueueOptions) {
    const place: unknown = maxsize;
    const detail = place instanceof OrderedPlace ? place.detail : undefined;
    this.#maxsize = detail?.maxsize ?? checkMaxsize(maxsize);
    this.#maxBytes = detail?.maxBytes ?? checkOrderedBytes(options);
    this.#address =
      place instanceof OrderedPlace
        ? place.address
        : createRing(this, 4, HeapMemory.ringBytes(this.#maxBytes));
    this.#memory = new HeapMemory(this.#address, order, this.#maxBytes);
    if (detail === undefined) this.#memory.format();
    // As many may wait as like.
    setMaxListeners(0, this.#closing.signal);
    this.#lock = new HeapLock(() => {
      this.#memory.repair();
    }, detail);
    this.#keeper = () => native.ringKeeper(this.#address) ?? native.selfAt(this.#address);
  }

  /** The most items in it; 2147483647 when there is no limit. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /**
   * Puts an item; waits while the queue is full. A pending call keeps the process alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @throws QueueFullError when the timeout passed; nothing was put
   * @throws QueueShutDownError, ClosedError after `shutdown` and `close`
   * @throws NotCloneableError, NotImportableError when it cannot be sent
   * @throws MultiprocessingError `ERR_MP_MESSAGE_TOO_LARGE` when it is larger than `maxBytes`,
   * `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  async put(item: T, options?: AwaitOptions): Promise<void> {
    const wait = checkAwait('put', options);
    wait.signal?.throwIfAborted();
    const put = this.#putOf('put', item);
    await this.#orDiscard(put.message, async () => {
      if (this.#lock.tryNow(put) === true) return;
      // The encoder's memory has another use while this waits.
      const kept = this.#attemptPut(put.key.slice(), keepMessage(put.message));
      await this.#lock.wait(kept, { ...wait, signal: this.#orClosed(wait.signal) });
    });
  }

  /** As `OrderedQueue.put`, blocking the thread. */
  putSync(item: T, options?: WaitOptions): void {
    const timeoutMs = checkWait('putSync', options);
    const put = this.#putOf('putSync', item);
    try {
      this.#lock.waitSync(put, timeoutMs);
    } catch (error) {
      discardMessage(put.message);
      throw error;
    }
  }

  /** Puts an item if there is room for it now; true when it did. */
  tryPut(item: T): boolean {
    const put = this.#putOf('tryPut', item);
    try {
      const isPut = this.#lock.hold(() => put.run()) === true;
      if (!isPut) discardMessage(put.message);
      return isPut;
    } catch (error) {
      discardMessage(put.message);
      throw error;
    }
  }

  /**
   * The next item; waits while there is none. A pending call keeps the process alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @throws QueueEmptyError when the timeout passed
   * @throws QueueShutDownError when the queue was shut down and is empty; ClosedError after `close`
   */
  async get(options?: AwaitOptions): Promise<T> {
    const wait = checkAwait('get', options);
    this.#checkOpen('get');
    wait.signal?.throwIfAborted();
    const { value } =
      this.#lock.tryNow(this.#get) ??
      (await this.#lock.wait(this.#get, { ...wait, signal: this.#orClosed(wait.signal) }));
    return (value instanceof Encoded ? await value.decode() : value) as T;
  }

  /**
   * As `OrderedQueue.get`, blocking the thread. A function in the item whose module must be
   * imported asynchronously is a NotImportableError.
   */
  getSync(options?: WaitOptions): T {
    const timeoutMs = checkWait('getSync', options);
    this.#checkOpen('getSync');
    return decodedSync(this.#lock.waitSync(this.#get, timeoutMs)) as T;
  }

  /** The next item, if there is one now; throws QueueEmptyError when not. */
  tryGet(): T {
    this.#checkOpen('tryGet');
    return decodedSync(this.#lock.waitSync(this.#get, 0)) as T;
  }

  /** How many items are in it at this moment. */
  qsize(): number {
    this.#checkOpen('qsize');
    return this.#lock.hold(() => this.#memory.region().count);
  }

  /** Whether nothing is in it at this moment. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Whether it has `maxsize` items at this moment. */
  full(): boolean {
    return this.qsize() >= this.#maxsize;
  }

  /**
   * Reports one item that was got as dealt with.
   *
   * @throws OverReleaseError when it is called more often than items were put
   */
  taskDone(): void {
    this.#checkOpen('taskDone');
    this.#lock.hold(() => {
      if (this.#memory.region().unfinished <= 0) {
        throw new OverReleaseError('taskDone() was called too many times: once for each item');
      }
      this.#addDone(1);
    });
  }

  /** Items that were put and not yet reported as dealt with. */
  get unfinished(): number {
    return this.#lock.hold(() => this.#memory.region().unfinished);
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
    return this.#lock.tryNow(this.#join) ?? (await this.#lock.wait(this.#join, wait));
  }

  /** As `OrderedQueue.join`, blocking the thread. */
  joinSync(options?: WaitOptions): boolean {
    return this.#lock.waitSync(this.#join, checkWait('joinSync', options));
  }

  /**
   * Ends the queue for everybody: `put` throws QueueShutDownError from now on, and so does `get` once
   * the queue is empty; iterations end then.
   *
   * @param options - `immediate`: what is in it is dropped, so `get` throws at once
   */
  shutdown(options: { readonly immediate?: boolean | undefined } = {}): void {
    const immediate = checkShutdown(options);
    this.#checkOpen('shutdown');
    this.#lock.hold(() => {
      const region = this.#memory.region();
      region.shutDown();
      while (immediate && region.count > 0) {
        const value = region.pop();
        if (value instanceof Encoded) value.discard();
        this.#addDone(1);
      }
      this.#lock.notifyAll('notEmpty');
      this.#lock.notifyAll('notFull');
    });
  }

  /** Ends the use of the queue by this object; others can go on. Pending calls reject. Repeatable. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closing.abort(isClosed('get'));
  }

  /** As `OrderedQueue.close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Items as they come, until the queue was shut down and is empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof QueueShutDownError) return;
        throw error;
      }
      yield item;
    }
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const size = this.#isClosed ? 'closed' : `qsize: ${String(this.qsize())}`;
    return `${this.constructor.name} { ${size} }`;
  }

  /** By which an item is before others: bytes that compare so; valid until the next call. */
  protected abstract keyOf(item: T): Uint8Array;

  #putOf(method: string, item: T) {
    this.#checkOpen(method);
    return this.#attemptPut(this.keyOf(item), messageOf(item, this.#keeper));
  }

  #attemptPut(key: Uint8Array, message: Message) {
    const bytes = itemBytes(key, message);
    if (!this.#memory.fitsEver(bytes)) {
      discardMessage(message);
      throw refused(Refusal.tooLarge, message);
    }
    const run = (): true | undefined => {
      const region = this.#memory.region();
      if (region.isShutDown) throw wasShutDown('put');
      if (region.count >= this.#maxsize) return undefined;
      const roomy = region.hasRoom(bytes) ? region : this.#memory.roomier(region, bytes);
      if (roomy === undefined) return undefined;
      roomy.push(key, message);
      this.#lock.notify('notEmpty');
      return true;
    };
    const timedOut = (): never => {
      throw new QueueFullError('the queue had no room for the item within the timeout');
    };
    return { key, message, condition: 'notFull', run, timedOut } as const;
  }

  readonly #get: HeapAttempt<Found> = {
    condition: 'notEmpty',
    run: () => {
      const region = this.#memory.region();
      if (region.count > 0) {
        const value = region.pop();
        this.#lock.notify('notFull');
        return { value };
      }
      if (region.isShutDown) throw wasShutDown('get');
      return undefined;
    },
    timedOut: () => {
      throw isEmpty();
    },
  };

  readonly #join: HeapAttempt<boolean> = {
    condition: 'allDone',
    run: () => (this.#memory.region().unfinished === 0 ? true : undefined),
    timedOut: () => false,
  };

  /** With the lock held. */
  #addDone(count: number): void {
    const region = this.#memory.region();
    region.addDone(count);
    if (region.unfinished === 0) this.#lock.notifyAll('allDone');
  }

  async #orDiscard(message: Message, put: () => Promise<void>): Promise<void> {
    try {
      await put();
    } catch (error) {
      discardMessage(message);
      throw error;
    }
  }

  /** Aborted by the caller, or by close(). */
  #orClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined
      ? this.#closing.signal
      : AbortSignal.any([signal, this.#closing.signal]);
  }

  #checkOpen(method: string): void {
    if (this.#isClosed) throw isClosed(method);
  }

  static {
    internals = {
      addressOf: (queue) => (queue as OrderedQueue).#address,
      detailOf(queue, holder) {
        const { maxsize } = queue as OrderedQueue;
        const handles = (queue as OrderedQueue).#lock.handles(holder);
        return { ...handles, maxsize, maxBytes: (queue as OrderedQueue).#maxBytes };
      },
    };
  }
}

function decodedSync({ value }: Found): unknown {
  return value instanceof Encoded ? value.decodeSync() : value;
}
