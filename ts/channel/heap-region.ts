// The items of an ordered queue in one piece of shared memory, for whoever holds the queue's lock.
//
//   OFFSET | SIZE | FIELD    | MEANING
//   -------+------+----------+----------------------------------------------------------------------
//        0 |    4 | used     | bytes of records, which grow down from the end
//        4 |    4 | count    | items in the heap
//        8 |    4 | dead     | bytes of records that were taken
//       12 |    4 | done     | items that were reported as dealt with
//       16 |    4 | flags    | 1: shut down
//       24 |    8 | sequence | items that were ever put
//       32 | 4 ×… | heap     | offsets of records: a binary heap, the first one is next
//
//   RECORD | SIZE | FIELD    | MEANING; 8-byte aligned
//   -------+------+----------+----------------------------------------------------------------------
//        0 |    4 | size     | of the whole record
//        4 |    4 | there    | 1 until it is taken
//        8 |    8 | sequence | how many were put before it
//       16 |    4 | key      | bytes of the key
//       20 |    4 | body     | bytes of the body
//       24 |    4 | tag      | what the body is: codec/tags.ts
//       32 |      | key, body, 8-byte aligned both
//
// What counts is the records; count, dead, sequence and the heap follow from them. An item is put by
// the store of `used`, and taken by the store of `there`: one store each, so whoever is killed has
// done it or not. The next one finds the lock abandoned and makes the rest anew (repair).
//
// SYNC POINT heap-commit: both are Atomics.store (seq_cst), so that what was written before is there
// when they are. Nobody reads without the lock, which orders everything else.
import { readMessage, writeMessage, type Message, type MessageSpace } from '../codec/message.js';

/** Which item is next: by its key and then its age, or the youngest. */
export type Order = 'priority' | 'youngest';

const headerBytes = 32;
const recordBytes = 32;
const field = { used: 0, count: 1, dead: 2, done: 3, flags: 4 } as const;
const sequenceAt = 24;
const shutDown = 1;

const aligned = (size: number): number => (size + 7) & ~7;

/** How much of a region an item takes, its place in the heap included. */
export const itemBytes = (key: Uint8Array, message: Message): number =>
  recordSize(key, message) + Uint32Array.BYTES_PER_ELEMENT;

const recordSize = (key: Uint8Array, { bytes }: Message): number =>
  recordBytes + aligned(key.length) + aligned(bytes);

export class HeapRegion {
  readonly size: number;
  readonly #space: MessageSpace;
  readonly #start: number;
  readonly #order: Order;
  /** Of `#start`, in words. */
  readonly #base: number;

  /** The region of `size` bytes from `start`, which is 8-byte aligned, in a piece of memory. */
  constructor(space: MessageSpace, start: number, size: number, order: Order) {
    this.#space = space;
    this.#start = start;
    this.#base = start >> 2;
    this.size = size & ~7;
    this.#order = order;
  }

  /** Makes it an empty one. */
  format(): void {
    this.#space.words.fill(0, this.#base, this.#base + headerBytes / 4);
  }

  get count(): number {
    return this.#word(field.count);
  }

  get isShutDown(): boolean {
    return (this.#word(field.flags) & shutDown) !== 0;
  }

  /** Bytes that its items need, as {@link itemBytes} counts them. */
  get liveBytes(): number {
    return this.#word(field.used) - this.#word(field.dead) + 4 * this.count;
  }

  /** Items that were put and not yet reported as dealt with. */
  get unfinished(): number {
    return this.#sequence - this.#word(field.done);
  }

  shutDown(): void {
    this.#setWord(field.flags, shutDown);
  }

  /** Reports items as dealt with. */
  addDone(count: number): void {
    this.#setWord(field.done, this.#word(field.done) + count);
  }

  hasRoom(bytes: number): boolean {
    const taken = headerBytes + this.#word(field.used) + 4 * this.count + 8;
    return taken + bytes <= this.size;
  }

  /** Puts an item; there is room for it. */
  push(key: Uint8Array, message: Message): void {
    const size = recordSize(key, message);
    const used = this.#word(field.used) + size;
    const record = this.size - used;
    const { words, bytes, doubles } = this.#space;
    const at = (this.#start + record) >> 2;
    const sequence = this.#sequence;
    words[at] = size;
    words[at + 1] = 1;
    doubles[(at >> 1) + 1] = sequence;
    words[at + 4] = key.length;
    words[at + 5] = message.bytes;
    words[at + 6] = message.tag;
    const keyAt = this.#start + record + recordBytes;
    bytes.set(key, keyAt);
    writeMessage(message, this.#space, keyAt + aligned(key.length));
    Atomics.store(words, this.#base + field.used, used);
    this.#sequence = sequence + 1;
    this.#insert(record);
  }

  /** Takes the next item; there is one. */
  pop(): unknown {
    const record = this.#slot(0);
    const { words } = this.#space;
    const at = (this.#start + record) >> 2;
    const keyBytes = words[at + 4]!;
    const bodyAt = this.#start + record + recordBytes + aligned(keyBytes);
    const value = readMessage(this.#space, bodyAt, words[at + 5]!, words[at + 6]!);
    Atomics.store(words, at + 1, 0);
    this.#removeFirst();
    this.#setWord(field.dead, this.#word(field.dead) + words[at]!);
    if (this.count === 0) this.#reuse();
    return value;
  }

  /** Copies the items that are there into an empty region that has room for them. */
  copyTo(other: HeapRegion): void {
    other.format();
    for (const each of [field.done, field.flags]) other.#setWord(each, this.#word(each));
    let used = 0;
    const count = this.count;
    for (let i = 0; i < count; i++) {
      const record = this.#slot(i);
      const size = this.#space.words[(this.#start + record) >> 2]!;
      used += size;
      const from = this.#start + record;
      const to = other.size - used;
      other.#space.bytes.set(this.#space.bytes.subarray(from, from + size), other.#start + to);
      other.#setSlot(i, to);
    }
    other.#setWord(field.used, used);
    other.#setWord(field.count, count);
    other.#sequence = this.#sequence;
  }

  /** Makes anew what follows from the records. */
  repair(): void {
    const { words, doubles } = this.#space;
    let dead = 0;
    this.#setWord(field.count, 0);
    for (let record = this.size - this.#word(field.used); record < this.size;) {
      const at = (this.#start + record) >> 2;
      const size = words[at]!;
      this.#sequence = Math.max(this.#sequence, doubles[(at >> 1) + 1]! + 1);
      if (words[at + 1] === 1) this.#insert(record);
      else dead += size;
      record += size;
    }
    this.#setWord(field.dead, dead);
  }

  /** All that there are were taken. */
  #reuse(): void {
    Atomics.store(this.#space.words, this.#base + field.used, 0);
    this.#setWord(field.dead, 0);
  }

  get #sequence(): number {
    return this.#space.doubles[(this.#start + sequenceAt) >> 3]!;
  }

  set #sequence(value: number) {
    this.#space.doubles[(this.#start + sequenceAt) >> 3] = value;
  }

  #word(index: number): number {
    return this.#space.words[this.#base + index]!;
  }

  #setWord(index: number, value: number): void {
    this.#space.words[this.#base + index] = value;
  }

  #slot(index: number): number {
    return this.#space.words[this.#base + headerBytes / 4 + index]!;
  }

  #setSlot(index: number, record: number): void {
    this.#space.words[this.#base + headerBytes / 4 + index] = record;
  }

  #insert(record: number): void {
    const count = this.count;
    let index = count;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#slot(parent);
      if (!this.#isBefore(record, above)) break;
      this.#setSlot(index, above);
      index = parent;
    }
    this.#setSlot(index, record);
    this.#setWord(field.count, count + 1);
  }

  #removeFirst(): void {
    const count = this.count - 1;
    this.#setWord(field.count, count);
    const record = this.#slot(count);
    let index = 0;
    for (let child; (child = this.#firstChild(index, count)) < count; index = child) {
      const below = this.#slot(child);
      if (!this.#isBefore(below, record)) break;
      this.#setSlot(index, below);
    }
    this.#setSlot(index, record);
  }

  /** The child that comes first; not below `count` when there is none. */
  #firstChild(index: number, count: number): number {
    const left = 2 * index + 1;
    const right = left + 1;
    return right < count && this.#isBefore(this.#slot(right), this.#slot(left)) ? right : left;
  }

  #isBefore(one: number, other: number): boolean {
    const { words, bytes, doubles } = this.#space;
    const [a, b] = [this.#start + one, this.#start + other];
    const age = doubles[(a >> 3) + 1]! - doubles[(b >> 3) + 1]!;
    if (this.#order === 'youngest') return age > 0;
    const [aBytes, bBytes] = [words[(a >> 2) + 4]!, words[(b >> 2) + 4]!];
    const least = Math.min(aBytes, bBytes);
    for (let i = recordBytes; i < recordBytes + least; i++) {
      const difference = bytes[a + i]! - bytes[b + i]!;
      if (difference !== 0) return difference < 0;
    }
    return aBytes === bBytes ? age < 0 : aBytes < bBytes;
  }
}
