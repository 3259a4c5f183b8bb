// Where the region of an ordered queue lies: it is the one message of a ring, which owns its memory,
// whoever lives. For whoever holds the queue's lock.
//
// To get another region, its successor is put behind it, with all that is in it, and then it is taken.
//
//   KILLED …                              | WHAT THE NEXT ONE DOES (repair)
//   --------------------------------------+--------------------------------------------------------
//   before the successor is put           | nothing: the ring forgets what was not put
//   between the two                       | there are two messages, alike: takes the first
//   after                                 | nothing
import type { MessageSpace } from '../codec/message.js';
import { MultiprocessingError } from '../errors.js';
import { openMemory } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { HeapRegion, type Order } from './heap-region.js';
import { ChunkSpace } from './ring.js';

const { ringGetChunk, ringPutChunk, chunkBytes } = native.constants;

const firstBytes = 4096;
/** Of a region that cannot grow any more, so much must be free again before it is packed. */
const slack = 8;
/** Whatever there may be in a ring besides a region and its successor. */
const overheadBytes = 64 * 1024;
/** Of a region: its header, and what aligns. */
const headroom = 64;

/** Any tag: the ring does not look at it. */
const regionTag = 1;

export class HeapMemory {
  readonly #address: number;
  readonly #order: Order;
  readonly #mostBytes: number;
  #space: MessageSpace | undefined;
  #spaceKey = '';

  constructor(address: number, order: Order, mostBytes: number) {
    this.#address = address;
    this.#order = order;
    this.#mostBytes = mostBytes;
  }

  /** Most bytes that the ring must be able to hold: a region and its successor. */
  static ringBytes(mostBytes: number): number {
    return 2 * mostBytes + overheadBytes;
  }

  /** Makes the first region. */
  format(): void {
    this.#put(firstBytes, (region) => {
      region.format();
    });
  }

  /** The region as it is now. */
  region(): HeapRegion {
    const place = native.ringBeginGet(this.#address, 0, false);
    if (place < 0) throw this.#exhausted();
    native.ringFinishGet(this.#address);
    const space = this.#spaceOf(ringGetChunk);
    return new HeapRegion(space, place + 8, space.words[place >> 2]!, this.#order);
  }

  /**
   * A region with the same items that has room for `bytes` more; undefined when there can be none
   * before items are taken.
   */
  roomier(region: HeapRegion, bytes: number): HeapRegion | undefined {
    const size = this.#sizeFor(region, bytes);
    if (size === undefined) return undefined;
    this.#put(size, (successor) => {
      region.copyTo(successor);
    });
    this.#takeFirst();
    return this.region();
  }

  /** Whether there can ever be room for so many bytes. */
  fitsEver(bytes: number): boolean {
    return bytes + headroom <= this.#mostBytes;
  }

  /** After the lock of somebody who died. */
  repair(): void {
    while (native.ringCount(this.#address) > 1) this.#takeFirst();
    this.region().repair();
  }

  #sizeFor(region: HeapRegion, bytes: number): number | undefined {
    const need = region.liveBytes + bytes + headroom;
    let size = region.size;
    while (size < 2 * need && size < this.#mostBytes) size *= 2;
    size = Math.min(size, this.#mostBytes);
    if (size > region.size) return need <= size ? size : undefined;
    // Packing costs as much as there is in it: not for a few bytes each time.
    const isEmptyEnough = need <= size - size / slack || region.count === 0;
    return isEmptyEnough ? size : undefined;
  }

  #put(bytes: number, fill: (region: HeapRegion) => void): void {
    const place = native.ringBeginPut(this.#address, bytes, 0);
    if (place < 0) throw this.#exhausted();
    try {
      fill(new HeapRegion(this.#spaceOf(ringPutChunk), place, bytes, this.#order));
    } catch (error) {
      native.ringFinishPut(this.#address);
      throw error;
    }
    native.ringEndPut(this.#address, bytes, regionTag);
  }

  #takeFirst(): void {
    if (native.ringBeginGet(this.#address, 0, false) >= 0) native.ringEndGet(this.#address);
  }

  #spaceOf(field: number): MessageSpace {
    const { paths } = openMemory();
    const distance = paths.load(this.#address + field);
    const chunk = (this.#address + distance) >>> 0;
    const length = paths.load(chunk + chunkBytes);
    const key = `${String(distance)} ${String(length)}`;
    if (this.#space === undefined || this.#spaceKey !== key) {
      this.#space = new ChunkSpace(this.#address, distance, paths);
      this.#spaceKey = key;
    }
    return this.#space;
  }

  #exhausted(): MultiprocessingError {
    return new MultiprocessingError('there is no shared memory for the items of the queue', {
      code: 'ERR_MP_MEMORY_EXHAUSTED',
    });
  }
}
