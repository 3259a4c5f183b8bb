// A connection: messages, each whole, between two processes.
import { EOFError, invalidArgument } from '../errors.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { checkOptionsObject, type BytesInput } from './buffers.js';
import {
  checkLimit,
  intoPart,
  inUse,
  lengthLimit,
  notOpen,
  optionsIn,
  placed,
  pollNow,
  sendPart,
  wrongDirection,
  type ConnectionOptions,
  type Internals,
  type IntoOptions,
  type ReceiveOptions,
  type SendOptions,
} from './connection-options.js';
import { descriptorOf, type HandleInput } from './handles.js';
import type { ItemView } from './item-view.js';
import { untilEnd } from './items.js';
import { MessageStream } from './message-stream.js';
import { RingPair } from './ring-pair.js';
import type { Transport } from './transport.js';

/** What this layer may do with a Connection, and users may not. */
export const internals = {} as Internals<Connection>;

/** Of what has one that another process can use. */
function descriptorToSend(method: string, handle: HandleInput): number {
  if (!(handle instanceof Connection && internals.isInMemory(handle))) {
    return descriptorOf(method, handle);
  }
  throw invalidArgument(`${method}(): send() a pipe's end, or make it with { via: 'socket' }`);
}

/**
 * One end of a connection: messages to and from another process, each of which arrives whole, once,
 * and in order. Made by `Pipe`, `connection.Client` and a listener's `accept`.
 *
 * `sendBytes` and `recvBytes` carry bytes, framed as CPython's `multiprocessing.connection` does, so
 * the other side may be Python. `send` and `recv` carry values between processes of this package; a
 * message is trusted as much as code, so receive values only from processes that you trust.
 *
 * Every method that waits has a `Sync` form, which blocks the thread. Calls are served in the order
 * in which they were made. A wait that times out throws `TimeoutError`, and nothing is lost by it:
 * the message is there for the next call.
 *
 * @example
 * ```ts
 * const connection = await mp.connection.Client(['localhost', 6000], { authkey });
 * await connection.send({ question: 42 });
 * console.log(await connection.recv());
 * ```
 *
 * @public
 */
export class Connection implements Disposable, AsyncDisposable {
  #messages: Transport;
  #hasMoved = false;
  readonly #readable: boolean;
  readonly #writable: boolean;
  readonly #maxMessageSize: number;

  /**
   * @param handle - descriptor of a connected stream socket, which belongs to the connection from
   * now on
   * @param options - directions and limits
   * @throws RangeError for a negative descriptor
   * @throws TypeError when it is not a stream socket
   * @throws SystemCallError when no such descriptor is open
   */
  constructor(handle: number, options: ConnectionOptions = {}) {
    checkOptionsObject('Connection', '{ readable: true }', options);
    const { readable = true, writable = true, maxMessageSize } = options;
    const limit = checkLimit('Connection', maxMessageSize);
    const given: unknown = handle;
    const isGiven = given instanceof RingPair || given instanceof MessageStream;
    this.#messages = isGiven ? given : MessageStream.adopt(handle, readable || writable);
    this.#readable = readable;
    this.#writable = writable;
    this.#maxMessageSize = limit;
  }

  /**
   * Sends a value: what structured clone can copy, shared objects, exported functions and classes.
   * It is serialised now; later changes of it do not matter.
   *
   * @param value - what to send
   * @param options - how long to wait for room in the system's buffer, and what ends the wait. A
   * message that has begun to go out goes out whole, also when the wait has ended
   * @returns resolves when the system has taken all of it
   * @throws NotCloneableError, NotImportableError when it cannot be sent
   * @throws EOFError when the other side is gone
   */
  async send(value: unknown, options?: AwaitOptions): Promise<void> {
    const wait = checkAwait('send', options);
    await this.#writer().sendValue(value, wait);
  }

  /** As {@link Connection.send}, blocking. */
  sendSync(value: unknown, options?: WaitOptions): void {
    const timeoutMs = checkWait('sendSync', options);
    this.#writer().sendValueSync(value, timeoutMs);
  }

  /**
   * The next value.
   *
   * @param options - how long to wait, and what ends the wait
   * @throws EOFError when nothing is left and the other side is gone
   * @throws TimeoutError when no whole message came in time
   * @throws MultiprocessingError `ERR_MP_FOREIGN_MESSAGE` when the message is not a value of this
   * package, such as one that Python's `send` made
   */
  async recv(options?: AwaitOptions): Promise<unknown> {
    const wait = checkAwait('recv', options);
    return await this.#reader().receiveValue(this.#maxMessageSize, wait);
  }

  /** As {@link Connection.recv}, blocking. */
  recvSync(options?: WaitOptions): unknown {
    const timeoutMs = checkWait('recvSync', options);
    return this.#reader().receiveValueSync(this.#maxMessageSize, timeoutMs);
  }

  /**
   * Sends bytes as one message. They must not change before the promise resolves.
   *
   * @param bytes - any buffer
   * @param offset - where to begin, in bytes, default 0; or the options, which may have it too
   * @param size - how many bytes, default all that follow
   * @returns resolves when the system has taken all of them
   * @throws RangeError when offset or size reach beyond the buffer
   * @throws EOFError when the other side is gone
   */
  async sendBytes(
    bytes: BytesInput,
    offset?: number | (SendOptions & AwaitOptions),
    size?: number,
  ): Promise<void> {
    const wait = checkAwait('sendBytes', optionsIn(offset));
    const message = sendPart('sendBytes', bytes, offset, size);
    await this.#writer().send(message, wait);
  }

  /** As {@link Connection.sendBytes}, blocking. */
  sendBytesSync(
    bytes: BytesInput,
    offset?: number | (SendOptions & WaitOptions),
    size?: number,
  ): void {
    const timeoutMs = checkWait('sendBytesSync', optionsIn(offset));
    const message = sendPart('sendBytesSync', bytes, offset, size);
    this.#writer().sendSync(message, timeoutMs);
  }

  /**
   * The bytes of the next message.
   *
   * @param maxLength - the longest that is acceptable, in bytes; or the options, which may have it
   * too
   * @throws MultiprocessingError `ERR_MP_MESSAGE_TOO_LONG` when the message is longer; nothing can be
   * received any more then
   * @throws EOFError when nothing is left and the other side is gone
   */
  async recvBytes(maxLength?: number | (ReceiveOptions & AwaitOptions)): Promise<Buffer> {
    const wait = checkAwait('recvBytes', optionsIn(maxLength));
    const request = { maxLength: lengthLimit('recvBytes', maxLength, this.#maxMessageSize) };
    return (await this.#last(this.#reader().receive(request, wait))) as Buffer;
  }

  /** As {@link Connection.recvBytes}, blocking. */
  recvBytesSync(maxLength?: number | (ReceiveOptions & WaitOptions)): Buffer {
    const timeoutMs = checkWait('recvBytesSync', optionsIn(maxLength));
    const request = { maxLength: lengthLimit('recvBytesSync', maxLength, this.#maxMessageSize) };
    return this.#lastSync((messages) => messages.receiveSync(request, timeoutMs) as Buffer);
  }

  /**
   * The bytes of the next message where they lie, copied nowhere, until the view's `release()` takes
   * the message. Nobody else receives from this end meanwhile. Of a socket, a view of a copy.
   *
   * @param maxLength - as in {@link Connection.recvBytes}, and the same errors
   * @returns its `bytes` are empty after `release()`, and after `close()`, which does not take it
   */
  async recvView(maxLength?: number | (ReceiveOptions & AwaitOptions)): Promise<ItemView> {
    const wait = checkAwait('recvView', optionsIn(maxLength));
    const limit = lengthLimit('recvView', maxLength, this.#maxMessageSize);
    return await this.#last(this.#reader().receiveView(limit, wait));
  }

  /** As {@link Connection.recvView}, blocking. */
  recvViewSync(maxLength?: number | (ReceiveOptions & WaitOptions)): ItemView {
    const timeoutMs = checkWait('recvViewSync', optionsIn(maxLength));
    const limit = lengthLimit('recvViewSync', maxLength, this.#maxMessageSize);
    return this.#lastSync((messages) => messages.receiveViewSync(limit, timeoutMs));
  }

  /**
   * Receives the next message into a buffer.
   *
   * @param buffer - where it goes
   * @param offset - where it begins there, in bytes, default 0; or the options, which may have it
   * too
   * @returns its size in bytes
   * @throws BufferTooShortError when there is not enough room; its `bytes` are the message
   */
  async recvBytesInto(
    buffer: BytesInput,
    offset?: number | (IntoOptions & AwaitOptions),
  ): Promise<number> {
    const wait = checkAwait('recvBytesInto', optionsIn(offset));
    const target = intoPart('recvBytesInto', buffer, offset);
    const messages = this.#reader();
    return placed(
      await messages.receive({ maxLength: this.#maxMessageSize, target }, wait),
      target,
    );
  }

  /** As {@link Connection.recvBytesInto}, blocking. */
  recvBytesIntoSync(buffer: BytesInput, offset?: number | (IntoOptions & WaitOptions)): number {
    const timeoutMs = checkWait('recvBytesIntoSync', optionsIn(offset));
    const target = intoPart('recvBytesIntoSync', buffer, offset);
    const request = { maxLength: this.#maxMessageSize, target };
    return placed(this.#reader().receiveSync(request, timeoutMs), target);
  }

  /**
   * Whether there is something to receive, the end included. Takes nothing.
   *
   * @param options - how long to wait for it; without options it only looks
   */
  async poll(options?: AwaitOptions): Promise<boolean> {
    const wait = options === undefined ? pollNow : checkAwait('poll', options);
    return await this.#reader().poll(wait);
  }

  /** As {@link Connection.poll}, blocking. */
  pollSync(options?: WaitOptions): boolean {
    return this.#reader().pollSync(options === undefined ? 0 : checkWait('pollSync', options));
  }

  /**
   * Sends a copy of a descriptor, to a process on this machine that calls `recvHandle` next (Python:
   * `multiprocessing.reduction.recv_handle`, up to 3.13).
   *
   * @param handle - a descriptor, or what has one: a socket, a server, a Connection
   */
  async sendHandle(handle: HandleInput, options?: AwaitOptions): Promise<void> {
    const wait = checkAwait('sendHandle', options);
    await this.#writer().sendDescriptor(descriptorToSend('sendHandle', handle), wait);
  }

  /** As {@link Connection.sendHandle}, blocking. */
  sendHandleSync(handle: HandleInput, options?: WaitOptions): void {
    const timeoutMs = checkWait('sendHandleSync', options);
    this.#writer().sendDescriptorSync(descriptorToSend('sendHandleSync', handle), timeoutMs);
  }

  /**
   * A descriptor that the other side sent with `sendHandle`. It is the caller's, who must close it.
   *
   * @throws MultiprocessingError `ERR_MP_NO_HANDLE` when something else arrived
   */
  async recvHandle(options?: AwaitOptions): Promise<number> {
    const wait = checkAwait('recvHandle', options);
    return await this.#reader().receiveDescriptor(wait);
  }

  /** As {@link Connection.recvHandle}, blocking. */
  recvHandleSync(options?: WaitOptions): number {
    const timeoutMs = checkWait('recvHandleSync', options);
    return this.#reader().receiveDescriptorSync(timeoutMs);
  }

  /**
   * A descriptor that can be read while there is something to receive. That of a socket carries the
   * messages, and another program may have it; that of a pipe in shared memory only tells of them.
   */
  fileno(): number {
    return this.#open().descriptor;
  }

  /**
   * Another Connection of the same end: to keep, when this one is sent away. A message goes to
   * whichever of the two takes it.
   */
  dup(): Connection {
    return internals.over(this.#open().duplicate(), internals.optionsOf(this));
  }

  /** Whether it has been closed, or sent to another process. */
  get closed(): boolean {
    return this.#messages.isClosed;
  }

  /** Whether messages can be received. */
  get readable(): boolean {
    return this.#readable && !this.#messages.isBroken;
  }

  /** Whether messages can be sent. */
  get writable(): boolean {
    return this.#writable;
  }

  /**
   * Closes this end; closing it again does nothing. The other side gets its EOFError when every
   * process has closed its copy. Pending waits reject with ClosedError.
   */
  close(): void {
    this.#messages.close();
  }

  /** As {@link Connection.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** As {@link Connection.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** The values that arrive, until the other side is gone. */
  [Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    const isEnd = (error: unknown): boolean => error instanceof EOFError && !this.#messages.isTorn;
    return untilEnd(() => this.recv(), isEnd);
  }

  #open(): Transport {
    if (!this.closed) return this.#messages;
    throw notOpen(this.#hasMoved);
  }

  #reader(): Transport {
    const messages = this.#open();
    if (this.#readable) return messages;
    throw wrongDirection('write-only');
  }

  #writer(): Transport {
    const messages = this.#open();
    if (this.#writable) return messages;
    throw wrongDirection('read-only');
  }

  static {
    internals.keepLoop = (connection, keep) => {
      const transport = connection.#open();
      if (transport instanceof MessageStream) transport.stream.keepLoop(keep);
    };
    internals.over = (transport, options) =>
      new Connection(transport as unknown as number, options);
    internals.isInMemory = (connection) => connection.#open() instanceof RingPair;
    internals.moveOut = (connection) => {
      const messages = connection.#open();
      if (!messages.isIdle) throw inUse();
      connection.#hasMoved = true;
      return messages;
    };
    internals.moveBack = (connection, transport) => {
      connection.#messages = transport;
      connection.#hasMoved = false;
    };
    internals.optionsOf = (connection) => ({
      readable: connection.readable,
      writable: connection.#writable,
      maxMessageSize: connection.#maxMessageSize,
    });
  }

  #lastSync<T>(receive: (messages: Transport) => T): T {
    try {
      return receive(this.#reader());
    } finally {
      this.#closeIfUseless();
    }
  }

  async #last<T>(received: Promise<T>): Promise<T> {
    try {
      return await received;
    } finally {
      this.#closeIfUseless();
    }
  }

  /** After a message that was refused only sending is left. */
  #closeIfUseless(): void {
    if (this.#messages.isBroken && !this.#writable) this.close();
  }
}
