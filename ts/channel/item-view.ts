// The data of an item or message where it lies in shared memory: nothing is copied.
import { isBinary } from '../codec/tags.js';
import { native } from '../native/binding.js';
import { notBinary } from './into.js';
import { Refused, type HeldMessage, type Ring } from './ring.js';

/** Ends a view whose message is not to be taken. */
export let leaveView: (view: ItemView) => void;

/** What becomes of the message when a view of it ends. */
type End = (isTaken: boolean) => void;

/**
 * The data of the item at a queue's front, or of the next message of a connection, in place. Until
 * {@link ItemView.release} nobody else gets one from there; a process that ends before that has not
 * taken it.
 *
 * @example
 * ```ts
 * const view = queue.getViewSync();
 * const sum = view.bytes.reduce((a, b) => a + b, 0);
 * view.release();
 * ```
 *
 * @public
 */
export class ItemView {
  /** The data; of length 0 from `release` on. */
  readonly bytes: Buffer;
  #end: End | undefined;

  /** @internal */
  constructor(bytes: Buffer, end: End) {
    this.bytes = bytes;
    this.#end = end;
  }

  /** Takes the item out of the queue, or the message off the connection. May be called again. */
  release(): void {
    this.#finish(true);
  }

  /** As {@link ItemView.release}. */
  [Symbol.dispose](): void {
    this.release();
  }

  #finish(isTaken: boolean): void {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    if (this.bytes.length > 0) native.detach(this.bytes.buffer as ArrayBuffer);
    end(isTaken);
  }

  static {
    leaveView = (view) => {
      view.#finish(false);
    };
  }
}

/** A view of a message that is held. */
export function viewOfHeld({ address, bytes }: HeldMessage, end: End): ItemView {
  const empty = bytes === 0;
  return new ItemView(empty ? Buffer.alloc(0) : Buffer.from(native.bytes(address, bytes)), end);
}

/** A view of a message that came by another way, and is the receiver's own already. */
export function viewOfOwn(message: Uint8Array): ItemView {
  // Small ones share their memory, and a part of that cannot end alone.
  const isAlone = message.length === message.buffer.byteLength;
  const { buffer } = isAlone ? message : Uint8Array.from(message);
  return new ItemView(Buffer.from(buffer), () => undefined);
}

/**
 * A view of the ring's next message; throws, and takes nothing, when it is no data.
 *
 * @param keeper - what keeps the ring in memory
 */
export function viewNext(ring: Ring, timeoutMs: number, keeper: object): ItemView | Refused {
  const held = ring.hold(timeoutMs, keeper);
  if (held instanceof Refused) return held;
  if (!isBinary(held.tag)) {
    ring.leaveHeld();
    throw notBinary();
  }
  return viewOfHeld(held, () => {
    ring.takeHeld();
  });
}
