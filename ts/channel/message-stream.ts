// Messages in both directions on one stream: what a Connection is made of, without its public face.
import { decode, decodeSync, discard, encode } from '../codec/codec.js';
import {
  ClosedError,
  EOFError,
  invalidArgument,
  MultiprocessingError,
  TimeoutError,
} from '../errors.js';
import { Moved, native } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';
import { AttemptQueue, type Attempt } from './attempts.js';
import { frameHeader, MessageReader } from './framing.js';
import { checkHandle } from './connection-options.js';
import { checkMessage } from './foreign.js';
import { viewOfOwn, type ItemView } from './item-view.js';
import { Stream } from './stream.js';
import type { ReceiveRequest, Transport } from './transport.js';

/** What errors call a value that cannot be sent. */
const label = 'the message';

export class MessageStream implements Transport {
  readonly stream: Stream;
  readonly #reader: MessageReader;
  readonly #reads: AttemptQueue;
  readonly #writes: AttemptQueue;
  /** Why nothing can be received any more: the stream is not at the border of a message. */
  #broken: Error | undefined;

  constructor(stream: Stream) {
    this.stream = stream;
    this.#reader = new MessageReader(stream);
    this.#reads = new AttemptQueue(stream, false);
    this.#writes = new AttemptQueue(stream, true);
  }

  /** The messages of a descriptor that the user gives. */
  static adopt(handle: number, isUsable: boolean): MessageStream {
    checkHandle(handle, isUsable);
    const stream = Stream.adopt(handle);
    if (native.isStreamSocket(handle)) return new MessageStream(stream);
    stream.release();
    throw invalidArgument(`descriptor ${String(handle)} is not a stream socket`);
  }

  get isClosed(): boolean {
    return this.stream.isClosed;
  }

  get descriptor(): number {
    return this.stream.descriptor;
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Whether a part of a message has been received, and not its end. */
  get isTorn(): boolean {
    return this.#reader.isBegun;
  }

  /** Whether it may be given away: no message is half on its way, nobody waits. */
  get isIdle(): boolean {
    return !this.#reader.isBegun && this.#reads.isEmpty && this.#writes.isEmpty;
  }

  send(body: Uint8Array, wait: CheckedWait): Promise<true> {
    return this.#writes.await(this.#sending(body), wait);
  }

  sendSync(body: Uint8Array, timeoutMs: number): void {
    this.#writes.block(this.#sending(body), timeoutMs);
  }

  /** Serialises now; what is in flight in it comes back when it is not sent. */
  async sendValue(value: unknown, wait: CheckedWait): Promise<void> {
    const bytes = encode(value, { label });
    try {
      await this.send(bytes, wait);
    } catch (error) {
      discard(bytes);
      throw error;
    }
  }

  sendValueSync(value: unknown, timeoutMs: number): void {
    const bytes = encode(value, { label });
    try {
      this.sendSync(bytes, timeoutMs);
    } catch (error) {
      discard(bytes);
      throw error;
    }
  }

  receive(request: ReceiveRequest, wait: CheckedWait): Promise<Uint8Array> {
    return this.#reads.await(this.#receiving(request), wait);
  }

  receiveSync(request: ReceiveRequest, timeoutMs: number): Uint8Array {
    return this.#reads.block(this.#receiving(request), timeoutMs);
  }

  async receiveView(maxLength: number, wait: CheckedWait): Promise<ItemView> {
    return viewOfOwn(await this.receive({ maxLength }, wait));
  }

  receiveViewSync(maxLength: number, timeoutMs: number): ItemView {
    return viewOfOwn(this.receiveSync({ maxLength }, timeoutMs));
  }

  async receiveValue(maxLength: number, wait: CheckedWait): Promise<unknown> {
    return await decode(checkMessage(await this.receive({ maxLength }, wait)));
  }

  receiveValueSync(maxLength: number, timeoutMs: number): unknown {
    return decodeSync(checkMessage(this.receiveSync({ maxLength }, timeoutMs)));
  }

  duplicate(): MessageStream {
    return new MessageStream(Stream.duplicate(this.descriptor));
  }

  /** Whether something can be received before the wait is over. */
  async poll(wait: CheckedWait): Promise<boolean> {
    try {
      return await this.#reads.await(this.#polling(), wait);
    } catch (error) {
      return falseIfLate(error);
    }
  }

  pollSync(timeoutMs: number): boolean {
    try {
      return this.#reads.block(this.#polling(), timeoutMs);
    } catch (error) {
      return falseIfLate(error);
    }
  }

  sendDescriptor(descriptor: number, wait: CheckedWait): Promise<true> {
    return this.#writes.await(this.#sendingDescriptor(descriptor), wait);
  }

  sendDescriptorSync(descriptor: number, timeoutMs: number): void {
    this.#writes.block(this.#sendingDescriptor(descriptor), timeoutMs);
  }

  receiveDescriptor(wait: CheckedWait): Promise<number> {
    return this.#reads.await(this.#receivingDescriptor(), wait);
  }

  receiveDescriptorSync(timeoutMs: number): number {
    return this.#reads.block(this.#receivingDescriptor(), timeoutMs);
  }

  /** Whether something may be received at once, an end included. */
  get isReady(): boolean {
    return this.#broken !== undefined || this.#reader.isBegun || this.stream.isReady();
  }

  /** Rejects what waits. */
  close(): void {
    this.stream.close();
    this.#fail();
  }

  /** Gives the descriptor away. */
  release(): number {
    const descriptor = this.stream.release();
    this.#fail();
    return descriptor;
  }

  /** In the middle of a message: what would come next would be taken for the rest of it. */
  #breakOff(): void {
    this.stream.close();
    queueMicrotask(() => {
      this.#fail();
    });
  }

  #fail(): void {
    const closed = new ClosedError('the connection was closed meanwhile');
    this.#reads.fail(closed);
    this.#writes.fail(closed);
  }

  #sending(body: Uint8Array): Attempt<true> {
    const head = frameHeader(body.length);
    const size = head.length + body.length;
    const { stream } = this;
    let sent = 0;
    const transferred = (hasBegun: boolean): TypeError => {
      if (hasBegun) this.#breakOff();
      return invalidArgument('the buffer was transferred elsewhere before all of it was sent');
    };
    return {
      what: 'the message was not taken by the system',
      try() {
        while (sent < size) {
          const moved = stream.send(head, body, sent);
          if (moved === Moved.notNow) return undefined;
          if (moved === Moved.ended) throw endedWhileSending();
          if (moved === 0) throw transferred(sent > 0);
          sent += moved;
        }
        return true;
      },
      // The other side would take what comes next for the rest of it.
      abandon: () => sent > 0,
    };
  }

  #receiving({ maxLength, target }: ReceiveRequest): Attempt<Uint8Array> {
    return {
      what: 'no message arrived',
      try: () => {
        if (this.#broken !== undefined) throw this.#broken;
        try {
          return this.#reader.read(maxLength, target);
        } catch (error) {
          if (error instanceof MultiprocessingError && !(error instanceof EOFError)) {
            this.#broken = error;
          }
          throw error;
        }
      },
      abandon: () => {
        this.#reader.leaveTarget();
        return false;
      },
    };
  }

  #polling(): Attempt<true> {
    return {
      what: 'no message arrived',
      try: () => (this.isReady ? true : undefined),
    };
  }

  #sendingDescriptor(descriptor: number): Attempt<true> {
    return {
      what: 'the handle was not taken by the system',
      try: () => {
        const moved = native.streamSendDescriptor(this.stream.number, descriptor);
        if (moved === Moved.ended) throw endedWhileSending();
        return moved === Moved.notNow ? undefined : true;
      },
    };
  }

  #receivingDescriptor(): Attempt<number> {
    return {
      what: 'no handle arrived',
      try: () => {
        if (this.#broken !== undefined) throw this.#broken;
        const { moved, descriptor } = native.streamReceiveDescriptor(this.stream.number);
        if (moved === Moved.notNow) return undefined;
        if (moved === Moved.ended) throw new EOFError('the other side of the connection is gone');
        if (descriptor < 0) throw noHandle();
        return descriptor;
      },
    };
  }
}

function falseIfLate(error: unknown): false {
  if (error instanceof TimeoutError) return false;
  throw error;
}

function endedWhileSending(): EOFError {
  return new EOFError('nothing can be sent: the other side of the connection is gone');
}

function noHandle(): MultiprocessingError {
  return new MultiprocessingError(
    'a byte arrived where a handle was expected: the other side did not call sendHandle(), or ' +
      'the connection is not one within this machine',
    { code: 'ERR_MP_NO_HANDLE' },
  );
}
