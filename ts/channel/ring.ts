// One thread's access to a ring of messages (native/sync/ring.h): the fast paths first, native calls
// for all that has to grow, wait or wake.
import { readMessage, writeMessage, type Message, type MessageSpace } from '../codec/message.js';
import { Tag } from '../codec/tags.js';
import { MultiprocessingError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { onForked } from '../memory/forked.js';
import { openMemory } from '../memory/memory.js';
import { selfAt, type Self } from '../memory/self.js';
import { native } from '../native/binding.js';

const { ringPutChunk, ringGetChunk, ringMaximum, ringShutDown, chunkBytes, chunkData } =
  native.constants;

/** Before the payload of each record. */
const recordBytes = 8;

/** Why nothing was put or got; the numbers are those of `RingResult`, negative. */
export const Refusal = { busy: -1, shutDown: -2, tooLarge: -3, exhausted: -4 } as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

/** Nothing was got: why. */
export class Refused {
  private constructor(readonly reason: Refusal) {}
  static readonly busy = new Refused(Refusal.busy);
  static readonly shutDown = new Refused(Refusal.shutDown);
}

/** A message that is held where it is. */
export interface HeldMessage {
  /** Of the payload; and where that is in `space`. */
  readonly address: number;
  readonly space: MessageSpace;
  readonly place: number;
  readonly bytes: number;
  readonly tag: number;
}

/**
 * The rings of which this thread holds a message, by address: it must not wait for another one. With
 * what keeps each ring in memory, for a message that nobody releases may be looked at for ever.
 */
const held = new Map<number, object>();
// What the parent holds is not the child's.
onForked(() => {
  held.clear();
});

function isHeldHere(): MultiprocessingError {
  return new MultiprocessingError(
    'this thread has a view of the next one: release() it before you get another one',
    { code: 'ERR_MP_DEADLOCK' },
  );
}

/** Reads a payload of so many bytes at `place`. */
export type ReadMessage<T> = (space: MessageSpace, place: number, bytes: number, tag: number) => T;

/** The data of the chunk that a side uses. It stays mapped, also when the chunk is freed. */
export class ChunkSpace implements MessageSpace {
  readonly size: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly longs: BigInt64Array;

  constructor(
    ring: number,
    readonly distance: number,
    paths: FastPaths,
  ) {
    // Addresses are unsigned; distances wrap around.
    const chunk = (ring + distance) >>> 0;
    const length = paths.load(chunk + chunkBytes) & ~7;
    const buffer = native.bytes(chunk + chunkData, length);
    this.size = length;
    this.bytes = Buffer.from(buffer);
    this.view = new DataView(buffer);
    this.words = new Uint32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.longs = new BigInt64Array(buffer);
  }
}

/** What may stand before a payload: whose it is, for those who share a ring's messages out. */
export class Head {
  /** Unsigned, of 32 bits. */
  id = 0;
  detail = 0;
  /** Two numbers of any size. */
  first = 0;
  second = 0;
}

const headBytes = 24;

function writeHead({ id, detail, first, second }: Head, space: MessageSpace, place: number): void {
  space.words[place >> 2] = id;
  space.words[(place >> 2) + 1] = detail;
  space.doubles[(place >> 3) + 1] = first;
  space.doubles[(place >> 3) + 2] = second;
}

function readHead(head: Head, space: MessageSpace, place: number): void {
  head.id = space.words[place >> 2]!;
  head.detail = space.words[(place >> 2) + 1]!;
  head.first = space.doubles[(place >> 3) + 1]!;
  head.second = space.doubles[(place >> 3) + 2]!;
}

export class Ring {
  readonly address: number;
  readonly #paths: FastPaths;
  readonly #self: Self;
  #put: ChunkSpace;
  #get: ChunkSpace;

  constructor(address: number) {
    this.address = address;
    this.#paths = openMemory().paths;
    this.#self = selfAt(address);
    this.#put = this.#chunk(ringPutChunk);
    this.#get = this.#chunk(ringGetChunk);
  }

  /** Puts a number if nothing stands in the way; false: {@link Ring.put} has to. */
  tryPutNumber(value: number): boolean {
    const { address } = this;
    const done = this.#paths.ringPutNumber(
      address,
      this.#self.id,
      this.#put.distance,
      value,
      Tag.number,
    );
    if (done === 0) return true;
    if (done !== -1) native.ringFinishPut(address);
    return done > 0;
  }

  /** Puts a message; 0, or why not. Blocks the thread for `timeoutMs` at most. */
  put(message: Message, timeoutMs: number, head?: Head): 0 | Refusal {
    const { address } = this;
    const { tag } = message;
    const bytes = head === undefined ? message.bytes : message.bytes + headBytes;
    let place = this.#paths.ringTryPut(address, this.#self.id, bytes, this.#put.distance);
    if (place < 0) {
      if (place === -2) native.ringFinishPut(address);
      place = native.ringBeginPut(address, bytes, timeoutMs);
      if (place < 0) return place as Refusal;
      const distance = this.#paths.load(address + ringPutChunk);
      if (distance !== this.#put.distance) this.#put = this.#chunk(ringPutChunk);
    }
    // A chunk may be where a smaller one was: same distance, other size.
    if (place + bytes > this.#put.size) this.#put = this.#chunk(ringPutChunk);
    try {
      if (head === undefined) {
        writeMessage(message, this.#put, place);
      } else {
        writeHead(head, this.#put, place);
        writeMessage(message, this.#put, place + headBytes);
      }
    } catch (error) {
      // Releases the lock: nothing was put.
      native.ringFinishPut(address);
      throw error;
    }
    if (this.#paths.ringEndPut(address, this.#self.id, bytes, tag) !== 0) {
      native.ringFinishPut(address);
    }
    return 0;
  }

  /**
   * The next value, or why there is none. Blocks the thread for `timeoutMs` at most. With `head` for
   * messages that have one; `admit` may look at it, and leave the message where it is.
   */
  get(timeoutMs: number, head?: Head, admit?: (head: Head) => boolean): unknown {
    const place = this.#begin(timeoutMs);
    if (place < 0) return place === Refusal.shutDown ? Refused.shutDown : Refused.busy;
    return head === undefined ? this.#take(place) : this.#takeHeaded(place, head, admit);
  }

  /** Takes the next message if there is one, but reads its head only, and what `read` reads. */
  skip(head: Head, read: ReadMessage<void>): boolean {
    const place = this.#beginGet(0, false);
    if (place < 0) return false;
    const space = this.#spaceOf(place);
    const word = place >> 2;
    readHead(head, space, place + 8);
    const bytes = space.words[word]! - headBytes;
    read(space, place + 8 + headBytes, bytes, space.words[word + 1]!);
    this.#endGet();
    return true;
  }

  /**
   * As {@link Ring.get}, with a reader of the caller's, which copies what it needs; when it throws,
   * the message stays where it is.
   */
  take<T>(timeoutMs: number, read: ReadMessage<T>): T | Refused {
    const { address } = this;
    const place = this.#begin(timeoutMs);
    if (place < 0) return place === Refusal.shutDown ? Refused.shutDown : Refused.busy;
    const space = this.#spaceOf(place);
    const word = place >> 2;
    let value: T;
    try {
      value = read(space, place + 8, space.words[word]!, space.words[word + 1]!);
    } catch (error) {
      // Releases the lock: nothing was taken.
      native.ringFinishGet(address);
      throw error;
    }
    if (this.#paths.ringEndGet(address, this.#self.id) !== 0) native.ringFinishGet(address);
    return value;
  }

  /**
   * Where the next message is, which stays there, and nobody gets another one, until `takeHeld` or
   * `leaveHeld`.
   *
   * @param keeper - what keeps the ring in memory
   */
  hold(timeoutMs: number, keeper: object): HeldMessage | Refused {
    const start = this.#begin(timeoutMs);
    if (start < 0) return start === Refusal.shutDown ? Refused.shutDown : Refused.busy;
    const space = this.#spaceOf(start);
    held.set(this.address, keeper);
    const place = start + recordBytes;
    const word = start >> 2;
    return {
      address: (this.address + space.distance + chunkData + place) >>> 0,
      space,
      place,
      bytes: space.words[word]!,
      tag: space.words[word + 1]!,
    };
  }

  takeHeld(): void {
    if (!held.delete(this.address)) return;
    if (this.#paths.ringEndGet(this.address, this.#self.id) !== 0)
      native.ringFinishGet(this.address);
  }

  leaveHeld(): void {
    if (held.delete(this.address)) native.ringFinishGet(this.address);
  }

  /** Whether there is a message, or the end, before the time is over; takes nothing. */
  wait(timeoutMs: number): boolean {
    const place = this.#begin(timeoutMs);
    if (place >= 0) native.ringFinishGet(this.address);
    return place >= 0 || place === Refusal.shutDown;
  }

  /** The next value of a ring whose content was discarded, to be given back; or `Refused`. */
  takeDiscarded(): unknown {
    const place = this.#beginGet(0, true);
    return place < 0 ? Refused.busy : this.#take(place);
  }

  /** Whether there is a message to get, without a lock: for spinning. */
  hasMessage(): boolean {
    return native.ringCount(this.address) > 0;
  }

  get count(): number {
    return native.ringCount(this.address);
  }

  get mostItems(): number {
    return this.#paths.load(this.address + ringMaximum);
  }

  get isShutDown(): boolean {
    return (this.#paths.load(this.address) & ringShutDown) !== 0;
  }

  #begin(timeoutMs: number): number {
    const { address } = this;
    const place = this.#paths.ringTryGet(address, this.#self.id, this.#get.distance);
    if (place >= 0) return place;
    if (place === -2) native.ringFinishGet(address);
    return this.#beginGet(timeoutMs, false);
  }

  #beginGet(timeoutMs: number, discarded: boolean): number {
    if (timeoutMs > 0 && held.has(this.address)) throw isHeldHere();
    const place = native.ringBeginGet(this.address, timeoutMs, discarded);
    if (place < 0) return place;
    const distance = this.#paths.load(this.address + ringGetChunk);
    if (distance !== this.#get.distance) this.#get = this.#chunk(ringGetChunk);
    return place;
  }

  #take(place: number): unknown {
    const space = this.#spaceOf(place);
    const word = place >> 2;
    const tag = space.words[word + 1]!;
    try {
      if (tag === Tag.number) return space.doubles[(place >> 3) + 1];
      return readMessage(space, place + 8, space.words[word]!, tag);
    } finally {
      this.#endGet();
    }
  }

  #takeHeaded(place: number, head: Head, admit?: (head: Head) => boolean): unknown {
    const space = this.#spaceOf(place);
    const word = place >> 2;
    readHead(head, space, place + 8);
    if (admit?.(head) === false) {
      // Releases the lock: nothing was taken.
      native.ringFinishGet(this.address);
      return Refused.busy;
    }
    try {
      const bytes = space.words[word]! - headBytes;
      return readMessage(space, place + 8 + headBytes, bytes, space.words[word + 1]!);
    } finally {
      this.#endGet();
    }
  }

  #endGet(): void {
    if (this.#paths.ringEndGet(this.address, this.#self.id) !== 0)
      native.ringFinishGet(this.address);
  }

  /** The space of the record at `place`; the chunk may be where a smaller one was. */
  #spaceOf(place: number): ChunkSpace {
    const space = this.#get;
    const start = place + recordBytes;
    if (start <= space.size && start + space.words[place >> 2]! <= space.size) return space;
    return (this.#get = this.#chunk(ringGetChunk));
  }

  #chunk(field: number): ChunkSpace {
    const distance = this.#paths.load(this.address + field);
    return new ChunkSpace(this.address, distance, this.#paths);
  }
}
