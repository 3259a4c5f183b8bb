// The sending side of a pipe over rings.
import { setImmediate } from 'node:timers/promises';

import {
  discardMessage,
  Encoded,
  keepMessage,
  messageOf,
  Raw,
  type Keeper,
  type Message,
} from '../codec/message.js';
import { Tag } from '../codec/tags.js';
import { EOFError, type ClosedError } from '../errors.js';
import { native } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';
import { Line } from './line.js';
import { timedOut } from './pending.js';
import { flush, PendingPut, refusedAs, type PutLine, type PutWords } from './pending-put.js';
import { Refusal, Refused, type Ring } from './ring.js';

/** After so many that succeeded at once, other events of the loop have their turn. */
export const turnEvery = 256;
/** A blocking sender that never has to wait looks so often whether anybody is there to receive. */
const lookEvery = 64;

/** As errors of connections say it. */
function wordsFor(timeoutMs: number): PutWords {
  return {
    full: () => timedOut('the message was not taken by the other side', timeoutMs),
    ended: () => new EOFError('nothing can be sent: the other side of the connection is gone'),
  };
}

export class RingSender {
  readonly #ring: Ring;
  readonly #line: PutLine;
  readonly #keeper: Keeper;
  readonly #forget: (bytes: Uint8Array) => void;
  #sent = 0;
  #ended: Error | undefined;

  /** `forget` gives back what is in flight in bytes that nobody receives. */
  constructor(ring: Ring, forget: (bytes: Uint8Array) => void) {
    this.#ring = ring;
    this.#forget = forget;
    this.#line = new Line(ring.address);
    this.#keeper = () => native.ringKeeper(ring.address);
  }

  get isIdle(): boolean {
    return this.#line.isEmpty;
  }

  sendValueSync(value: unknown, timeoutMs: number): void {
    this.#look();
    if (typeof value === 'number' && this.#line.isEmpty && this.#ring.tryPutNumber(value)) return;
    this.#putSync(messageOf(value, this.#keeper), timeoutMs);
  }

  sendSync(body: Uint8Array, timeoutMs: number): void {
    this.#look();
    this.#putSync(rawMessage(body), timeoutMs);
  }

  async sendValue(value: unknown, wait: CheckedWait): Promise<void> {
    wait.signal?.throwIfAborted();
    await this.#put(messageOf(value, this.#keeper), wait);
  }

  async send(body: Uint8Array, wait: CheckedWait): Promise<void> {
    wait.signal?.throwIfAborted();
    await this.#put(rawMessage(body), wait);
  }

  /** Rejects what waits. */
  end(error: ClosedError): void {
    this.#ended = error;
    this.#line.end(error);
    this.#takeBack();
  }

  /** When nobody is there to receive any more: descriptors wait for whom messages reach. */
  #takeBack(): void {
    const ring = this.#ring;
    if (ring.count === 0) return;
    native.ringSettle(ring.address, true);
    if (!ring.isShutDown) return;
    native.ringShutDown(ring.address, true);
    for (let value; (value = ring.takeDiscarded()) !== Refused.busy;) {
      if (value instanceof Encoded) value.discard();
      if (value instanceof Raw) this.#forget(value.bytes);
    }
  }

  /** The end may be in the message itself, and so be on its way to nowhere. */
  #checkHere(message: Message): void {
    if (this.#ended === undefined) return;
    discardMessage(message);
    throw this.#ended;
  }

  async #put(message: Message, wait: CheckedWait): Promise<void> {
    this.#checkHere(message);
    native.ringSettle(this.#ring.address, true);
    const refusal = this.#line.isEmpty ? this.#ring.put(message, 0) : Refusal.busy;
    if (refusal === 0) {
      if (++this.#sent % turnEvery === 0) await setImmediate();
      return;
    }
    if (refusal === Refusal.shutDown) this.#takeBack();
    const words = wordsFor(wait.timeoutMs);
    const pending = new PendingPut(this.#ring, keepMessage(message), words);
    if (refusal !== Refusal.busy || wait.timeoutMs === 0) {
      pending.leave();
      throw refusedAs(words, refusal, message);
    }
    await this.#line.wait(pending, wait);
  }

  /** After what this thread has sent already. */
  #putSync(message: Message, timeoutMs: number): void {
    this.#checkHere(message);
    let refusal: 0 | Refusal = Refusal.busy;
    if (this.#line.isEmpty) {
      refusal = this.#ring.put(message, timeoutMs);
    } else {
      const deadlineMs = performance.now() + timeoutMs;
      const kept = keepMessage(message);
      if (flush(this.#line, deadlineMs)) {
        refusal = this.#ring.put(kept, Math.max(0, deadlineMs - performance.now()));
      }
    }
    if (refusal === 0) return;
    const words = wordsFor(timeoutMs);
    if (refusal === Refusal.shutDown) this.#takeBack();
    new PendingPut(this.#ring, message, words).leave();
    throw refusedAs(words, refusal, message);
  }

  #look(): void {
    if (++this.#sent % lookEvery === 0) native.ringSettle(this.#ring.address, true);
  }
}

function rawMessage(body: Uint8Array): Message {
  return { tag: Tag.raw, bytes: body.length, body };
}
