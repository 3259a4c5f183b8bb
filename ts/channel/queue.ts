// Queue: items from many processes to many, first in, first out for each that puts.
import { inspect } from 'node:util';

import { Encoded, keepMessage, messageOf, type Keeper, type Message } from '../codec/message.js';
import { createRing, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind } from '../native/binding.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { bytesOf, type BytesInput } from './buffers.js';
import { awaitTurn, countOf, getInto } from './into.js';
import { viewNext, type ItemView } from './item-view.js';
import { discardItems, itemsUntilShutDown } from './items.js';
import { Line } from './line.js';
import {
  dropAtExit,
  flush,
  flushAtExit,
  PendingPut,
  putInTurn,
  refused,
  type PutLine,
} from './pending-put.js';
import {
  checkItems,
  checkMaxBytes,
  checkMaxsize,
  checkMost,
  checkShutdown,
  isClosed,
  isOpen,
  nothing,
  openingOf,
  type QueueOpening,
  type QueueOptions,
} from './queue-options.js';
import { Refusal, Refused, Ring } from './ring.js';

export let ringOf: (queue: object) => Ring;

/**
 * Items from any number of processes to any number, in shared memory: there is no thread that feeds
 * it and nothing to flush, so a process may end right after its `put`.
 *
 * The items of one thread come in the order in which it put them. Each item is got once: when a
 * process is killed at the instant in which it gets one, that item, which it had in hand, goes with
 * it, and no other. Items are copied as structured clone does; shared objects, exported functions
 * and instances of registered classes may be in them. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue | Queue}; unlike
 * there `put` serialises at once, so its errors reach the caller and later changes do not count,
 * `qsize` is exact, and `empty` is false as soon as `put` is done.
 *
 * @example
 * ```ts
 * const queue = new Queue<number>();
 * await new Process({ target: produce, args: [queue] }).start();
 * for await (const item of queue) console.log(item); // until queue.shutdown()
 * ```
 *
 * @public
 */
export class Queue<T = unknown> {
  readonly #ring: Ring;
  readonly #puts: PutLine;
  readonly #gets: Line<unknown>;
  readonly #keeper: Keeper;
  #isClosed = false;
  #flushes = true;

  /**
   * @param maxsize - the most items in it; 0 or less: 2147483647
   * @throws TypeError, RangeError for arguments that are none
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(maxsize = 0, options: QueueOptions = {}) {
    const address =
      (maxsize as unknown) instanceof Place
        ? (maxsize as unknown as Place).address
        : createRing(this, checkMaxsize(maxsize), checkMaxBytes(options));
    this.#ring = new Ring(address);
    this.#puts = new Line(address);
    this.#gets = new Line(address);
    this.#keeper = () => native.ringKeeper(address);
  }

  /**
   * The queue of a name, which processes share that have nothing else in common. What is put stays
   * when all of them have ended; but shared objects in it live with the thread that put them.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; and `maxsize` and `maxBytes` of a new one
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open<T = unknown>(name: string, options: NameOptions & QueueOpening = {}): Queue<T> {
    const make = (): Queue<T> => new Queue<T>(...openingOf(options));
    return openNamed<Queue<T>>({ type: Queue, name, options, make });
  }

  /** The most items in it; 2147483647 when there is no limit. */
  get maxsize(): number {
    return this.#ring.mostItems;
  }

  /**
   * Puts an item; waits while the queue is full. A pending call keeps the process alive, and
   * `process.exit()` waits for it, unless {@link Queue.cancelJoinThread} was called.
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
    this.#checkOpen('put');
    wait.signal?.throwIfAborted();
    if (this.#putNumber(item)) return;
    const message = messageOf(item, this.#keeper);
    const refusal = this.#puts.isEmpty ? this.#ring.put(message, 0) : Refusal.busy;
    if (refusal === 0) return;
    const pending = new PendingPut(this.#ring, keepMessage(message));
    if (refusal !== Refusal.busy || wait.timeoutMs === 0) {
      pending.leave();
      throw refused(refusal, message);
    }
    if (this.#flushes) flushAtExit(this.#puts);
    await this.#puts.wait(pending, wait);
    if (this.#puts.isEmpty) dropAtExit(this.#puts);
  }

  /** As {@link Queue.put}, blocking the thread while the queue is full. */
  putSync(item: T, options?: WaitOptions): void {
    if (options === undefined && !this.#isClosed && this.#putNumber(item)) return;
    const timeoutMs = checkWait('putSync', options);
    this.#checkOpen('putSync');
    const message = messageOf(item, this.#keeper);
    const refusal = putInTurn(this.#ring, this.#puts, message, timeoutMs);
    if (refusal !== 0) throw this.#refused(refusal, message);
  }

  /** Puts an item if there is room for it now; false when not. Throws as {@link Queue.put} else. */
  tryPut(item: T): boolean {
    this.#checkOpen('tryPut');
    if (this.#putNumber(item)) return true;
    const message = messageOf(item, this.#keeper);
    const refusal = putInTurn(this.#ring, this.#puts, message, 0);
    if (refusal === 0) return true;
    const error = this.#refused(refusal, message);
    if (refusal === Refusal.busy) return false;
    throw error;
  }

  /**
   * Puts items one after the other; other processes' may come between them.
   *
   * @param options - as in {@link Queue.put}, for each item
   */
  async putMany(items: Iterable<T>, options?: AwaitOptions): Promise<void> {
    for (const item of checkItems('putMany', items)) {
      const isDone = options === undefined && !this.#isClosed && this.#putNumber(item);
      if (!isDone) await this.put(item, options);
    }
  }

  /** As {@link Queue.putMany}, blocking. */
  putManySync(items: Iterable<T>, options?: WaitOptions): void {
    for (const item of checkItems('putManySync', items)) this.putSync(item, options);
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
    const value = this.#gets.isEmpty ? this.#ring.get(0) : Refused.busy;
    if (value !== Refused.busy) return this.#decoded(value);
    return this.#decoded(await awaitTurn(this.#gets, () => this.#ring.get(0), wait));
  }

  /**
   * As {@link Queue.get}, blocking the thread. A function in the item whose module must be imported
   * asynchronously is a NotImportableError.
   */
  getSync(options?: WaitOptions): T {
    const timeoutMs = options === undefined ? Infinity : checkWait('getSync', options);
    if (this.#isClosed) throw isClosed('getSync');
    const value = this.#ring.get(timeoutMs);
    return typeof value === 'object' ? this.#unwrap(value) : (value as T);
  }

  /**
   * Copies the next item, which must be binary data, into a buffer: the quickest way to receive large
   * ones, for no memory has to be found for each.
   *
   * @param target - any kind of buffer, or a part of one, as `buffer.subarray(1024)`
   * @param options - as in {@link Queue.get}
   * @returns how many bytes it has
   * @throws BufferTooShortError when it is larger than `target`; its `bytes` are the item
   * @throws MultiprocessingError `ERR_MP_NOT_BINARY` for an item of another kind, which stays
   */
  async getInto(target: BytesInput, options?: AwaitOptions): Promise<number> {
    const wait = checkAwait('getInto', options);
    const into = bytesOf('getInto', target);
    this.#checkOpen('getInto');
    wait.signal?.throwIfAborted();
    return countOf(await awaitTurn(this.#gets, () => getInto(this.#ring, into, 0), wait));
  }

  /** As {@link Queue.getInto}, blocking. */
  getIntoSync(target: BytesInput, options?: WaitOptions): number {
    const timeoutMs = checkWait('getIntoSync', options);
    const into = bytesOf('getIntoSync', target);
    this.#checkOpen('getIntoSync');
    return countOf(getInto(this.#ring, into, timeoutMs));
  }

  /**
   * The data of the next item where it lies in shared memory, copied nowhere, until its `release()`.
   * Nobody else gets an item of this queue meanwhile.
   *
   * @throws as {@link Queue.getInto}; `ERR_MP_DEADLOCK` where this thread has such a view already
   */
  async getView(options?: AwaitOptions): Promise<ItemView> {
    const wait = checkAwait('getView', options);
    this.#checkOpen('getView');
    wait.signal?.throwIfAborted();
    const view = await awaitTurn(this.#gets, () => viewNext(this.#ring, 0, this), wait);
    return this.#unwrap(view) as ItemView;
  }

  /** As {@link Queue.getView}, blocking. */
  getViewSync(options?: WaitOptions): ItemView {
    const timeoutMs = checkWait('getViewSync', options);
    this.#checkOpen('getViewSync');
    return this.#unwrap(viewNext(this.#ring, timeoutMs, this)) as ItemView;
  }

  /** The next item, if there is one now; throws QueueEmptyError when not. */
  tryGet(): T {
    this.#checkOpen('tryGet');
    return this.#unwrap(this.#ring.get(0));
  }

  /**
   * Items that are there, at least one: waits for that as {@link Queue.get}.
   *
   * @param most - how many at most, 1 or more
   */
  async getMany(most: number, options?: AwaitOptions): Promise<T[]> {
    checkMost(most);
    const items = [await this.get(options)];
    for (let value; items.length < most; items.push(await this.#decoded(value))) {
      if ((value = this.#ring.get(0)) instanceof Refused) break;
    }
    return items;
  }

  /** As {@link Queue.getMany}, blocking for the first. */
  getManySync(most: number, options?: WaitOptions): T[] {
    checkMost(most);
    const items = [this.getSync(options)];
    for (let value; items.length < most; items.push(this.#unwrap(value))) {
      if ((value = this.#ring.get(0)) instanceof Refused) break;
    }
    return items;
  }

  /** How many items are in it at this moment. */
  qsize(): number {
    this.#checkOpen('qsize');
    return this.#ring.count;
  }

  /** Whether nothing is in it at this moment. */
  empty(): boolean {
    this.#checkOpen('empty');
    return this.#ring.count === 0;
  }

  /** Whether it has `maxsize` items at this moment. */
  full(): boolean {
    this.#checkOpen('full');
    return this.#ring.count >= this.#ring.mostItems;
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
    native.ringShutDown(this.#ring.address, immediate);
    if (immediate) discardItems(this.#ring);
  }

  /**
   * Ends the use of the queue by this object; others can go on. Pending `put`s go on too, pending
   * `get`s reject with ClosedError. May be called again.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gets.end(isClosed('get'));
    if (!this.#flushes) this.#puts.end(isClosed('put'));
  }

  /** As {@link Queue.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Waits until every `put` of this object is done. There is no thread, the name is CPython's.
   *
   * @throws MultiprocessingError `ERR_MP_QUEUE_OPEN` before `close`
   */
  async joinThread(): Promise<void> {
    this.#checkClosed();
    while (!this.#puts.isEmpty) {
      const { waiting } = this.#puts.first()!;
      await waiting.promise.catch(() => undefined);
    }
  }

  /** As {@link Queue.joinThread}, blocking. */
  joinThreadSync(): void {
    this.#checkClosed();
    flush(this.#puts, Infinity);
  }

  /**
   * Gives up `put`s that are pending when the queue is closed or the process exits: they reject with
   * ClosedError, and their items are lost.
   */
  cancelJoinThread(): void {
    this.#flushes = false;
    dropAtExit(this.#puts);
    if (this.#isClosed) this.#puts.end(isClosed('put'));
  }

  /** Items as they come, until the queue was shut down and is empty. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return itemsUntilShutDown(() => this.get());
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return `${this.constructor.name} { qsize: ${String(this.#ring.count)} }`;
  }

  #putNumber(item: T): boolean {
    return typeof item === 'number' && this.#puts.isEmpty && this.#ring.tryPutNumber(item);
  }

  #refused(refusal: Refusal, message: Message): Error {
    new PendingPut(this.#ring, message).leave();
    return refused(refusal, message);
  }

  /** Modules are loaded for the functions in it. */
  async #decoded(value: unknown): Promise<T> {
    return value instanceof Encoded ? ((await value.decode()) as T) : this.#unwrap(value);
  }

  #unwrap(value: unknown): T {
    if (value instanceof Refused) throw nothing(value);
    return value instanceof Encoded ? (value.decodeSync() as T) : (value as T);
  }

  #checkOpen(method: string): void {
    if (this.#isClosed) throw isClosed(method);
  }

  #checkClosed(): void {
    if (!this.#isClosed) throw isOpen();
  }

  static {
    ringOf = (queue) => (queue as Queue).#ring;
    register({ kind: ObjectKind.queue, type: Queue, addressOf: (queue) => ringOf(queue).address });
  }
}
