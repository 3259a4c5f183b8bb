// The data of an item where it lies in shared memory: nothing is copied.
import { isBinary } from '../codec/tags.js';
import { native } from '../native/binding.js';
import { notBinary } from './into.js';
import { Refused, type Ring } from './ring.js';

/**
 * The data of the item at a queue's front, in place. Until {@link ItemView.release} nobody else gets an
 * item of that queue; a process that ends before that has not taken the item.
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
  #ring: Ring | undefined;

  /** @internal */
  constructor(ring: Ring, bytes: Buffer) {
    this.#ring = ring;
    this.bytes = bytes;
  }

  /** Takes the item out of the queue. May be called again. */
  release(): void {
    const ring = this.#ring;
    if (ring === undefined) return;
    this.#ring = undefined;
    if (this.bytes.length > 0) native.detach(this.bytes.buffer as ArrayBuffer);
    ring.takeHeld();
  }

  /** As {@link ItemView.release}. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** A view of the ring's next message; throws, and takes nothing, when it is no data. */
export function viewNext(ring: Ring, timeoutMs: number): ItemView | Refused {
  const held = ring.hold(timeoutMs);
  if (held instanceof Refused) return held;
  const { address, bytes, tag } = held;
  if (!isBinary(tag)) {
    ring.leaveHeld();
    throw notBinary();
  }
  return new ItemView(
    ring,
    bytes === 0 ? Buffer.alloc(0) : Buffer.from(native.bytes(address, bytes)),
  );
}
