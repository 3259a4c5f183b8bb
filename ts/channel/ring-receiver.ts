// The receiving side of a pipe over rings.
import { setImmediate } from 'node:timers/promises';

import { copyOut, readBinary } from '../codec/binary.js';
import { decode, decodeSync, encode } from '../codec/codec.js';
import { Encoded, Raw, readMessage, type MessageSpace } from '../codec/message.js';
import { Tag } from '../codec/tags.js';
import { EOFError, type ClosedError } from '../errors.js';
import { native } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';
import { checkMessage } from './foreign.js';
import { longestMessage, tooLong } from './framing.js';
import { leaveView, viewOfHeld, viewOfOwn, type ItemView } from './item-view.js';
import { Await, Line } from './line.js';
import { timedOut } from './pending.js';
import { turnEvery } from './ring-sender.js';
import { Refused, type HeldMessage, type Ring } from './ring.js';
import type { ReceiveRequest } from './transport.js';

const what = 'no message arrived';

/** A value where bytes were asked for. */
class Value {
  constructor(readonly value: unknown) {}
}

type Look = () => unknown;

export class RingReceiver {
  readonly #ring: Ring;
  readonly #line: Line<unknown>;
  readonly #released: () => void;
  #received = 0;
  /** Why nothing is received any more, after a message that was longer than allowed. */
  #broken: Error | undefined;
  /** The view of the next message that the user has. */
  #view: ItemView | undefined;

  /** `released` is called when the user has released a view; it keeps the ring in memory. */
  constructor(ring: Ring, released: () => void) {
    this.#ring = ring;
    this.#released = released;
    this.#line = new Line(ring.address);
  }

  get isIdle(): boolean {
    return this.#line.isEmpty && this.#view === undefined;
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Whether there is a message, or the end of them. */
  get isReady(): boolean {
    const ring = this.#ring;
    const seen = this.#view === undefined ? 0 : 1;
    if (this.#broken !== undefined || ring.count > seen || ring.isShutDown) return true;
    native.ringSettle(ring.address, false);
    return ring.isShutDown;
  }

  receiveValueSync(maxLength: number, timeoutMs: number): unknown {
    const value = this.#value(maxLength, timeoutMs);
    if (typeof value !== 'object') return value;
    if (value === Refused.busy) throw timedOut(what, timeoutMs);
    if (value instanceof Raw) return decodeSync(checkMessage(value.bytes));
    return value instanceof Encoded ? value.decodeSync() : value;
  }

  async receiveValue(maxLength: number, wait: CheckedWait): Promise<unknown> {
    const value = await this.#await(() => this.#value(maxLength, 0), wait);
    if (value instanceof Raw) return decode(checkMessage(value.bytes));
    return value instanceof Encoded ? value.decode() : value;
  }

  receiveSync(request: ReceiveRequest, timeoutMs: number): Uint8Array {
    const message = this.#bytes(request, timeoutMs);
    if (message === Refused.busy) throw timedOut(what, timeoutMs);
    return asBytes(message);
  }

  async receive(request: ReceiveRequest, wait: CheckedWait): Promise<Uint8Array> {
    return asBytes(await this.#await(() => this.#bytes(request, 0), wait));
  }

  receiveViewSync(maxLength: number, timeoutMs: number): ItemView {
    const view = this.#show(maxLength, timeoutMs);
    if (view instanceof Refused) throw timedOut(what, timeoutMs);
    return view;
  }

  async receiveView(maxLength: number, wait: CheckedWait): Promise<ItemView> {
    return (await this.#await(() => this.#show(maxLength, 0), wait)) as ItemView;
  }

  pollSync(timeoutMs: number): boolean {
    if (this.isReady) return true;
    return timeoutMs > 0 && this.#ring.wait(timeoutMs);
  }

  async poll(wait: CheckedWait): Promise<boolean> {
    const notYet = new Error(what);
    const look: Look = () => (this.isReady ? true : Refused.busy);
    try {
      await this.#await(look, wait, () => notYet);
      return true;
    } catch (error) {
      if (error === notYet) return false;
      throw error;
    }
  }

  /** Rejects what waits. */
  end(error: ClosedError): void {
    this.#line.end(error);
    if (this.#view !== undefined) leaveView(this.#view);
  }

  /** What `look` gives once it is not busy; in the order of the calls. */
  async #await(
    look: Look,
    wait: CheckedWait,
    late = (): Error => timedOut(what, wait.timeoutMs),
  ): Promise<unknown> {
    wait.signal?.throwIfAborted();
    const value = this.#line.isEmpty ? look() : Refused.busy;
    if (value !== Refused.busy) {
      if (++this.#received % turnEvery === 0) await setImmediate();
      return value;
    }
    if (wait.timeoutMs === 0) throw late();
    return await this.#line.wait(
      {
        detail: Await.record,
        timedOut: late,
        run(waiting) {
          try {
            const found = look();
            if (found === Refused.busy) return false;
            waiting.resolve(found);
          } catch (error) {
            waiting.reject(error);
          }
          return true;
        },
      },
      wait,
    );
  }

  #value(maxLength: number, timeoutMs: number): unknown {
    if (this.#broken !== undefined) throw this.#broken;
    if (maxLength >= longestMessage) return this.#checked(this.#ring.get(timeoutMs));
    return this.#take(timeoutMs, maxLength, readMessage);
  }

  #bytes({ maxLength, target }: ReceiveRequest, timeoutMs: number): unknown {
    return this.#take(timeoutMs, maxLength, (space, place, bytes, tag) => {
      if (tag !== Tag.raw) return new Value(readMessage(space, place, bytes, tag));
      if (target === undefined || target.length < bytes) return copyOf(space, place, bytes);
      const filled = target.subarray(0, bytes);
      copyOut(space.bytes, place, filled);
      return filled;
    });
  }

  #show(maxLength: number, timeoutMs: number): ItemView | Refused {
    if (this.#broken !== undefined) throw this.#broken;
    const held = this.#checked(this.#ring.hold(timeoutMs, this)) as HeldMessage | Refused;
    if (held instanceof Refused) return held;
    const { space, place, bytes, tag } = held;
    if (bytes > maxLength) {
      this.#ring.leaveHeld();
      throw (this.#broken = tooLong(bytes, maxLength));
    }
    if (tag === Tag.raw) return (this.#view = viewOfHeld(held, this.#ended));
    // A value, whose bytes are elsewhere.
    try {
      return viewOfOwn(asBytes(new Value(readMessage(space, place, bytes, tag))));
    } finally {
      this.#ring.takeHeld();
    }
  }

  readonly #ended = (isTaken: boolean): void => {
    this.#view = undefined;
    if (isTaken) this.#ring.takeHeld();
    else this.#ring.leaveHeld();
    if (isTaken) this.#released();
  };

  #take(timeoutMs: number, maxLength: number, read: typeof readMessage): unknown {
    if (this.#broken !== undefined) throw this.#broken;
    const value = this.#ring.take(timeoutMs, (space, place, bytes, tag) => {
      if (bytes > maxLength) throw (this.#broken = tooLong(bytes, maxLength));
      return read(space, place, bytes, tag);
    });
    return this.#checked(value);
  }

  #checked(value: unknown): unknown {
    if (value === Refused.shutDown) throw new EOFError('the other side of the connection is gone');
    return value;
  }
}

function copyOf({ bytes: from }: MessageSpace, place: number, bytes: number): Buffer {
  return readBinary(from, place, bytes, Tag.firstArray) as Buffer;
}

/** The bytes that a socket would have carried. */
function asBytes(message: unknown): Uint8Array {
  if (!(message instanceof Value)) return message as Uint8Array;
  const { value } = message;
  return value instanceof Encoded ? value.bytes : Buffer.from(encode(value));
}
