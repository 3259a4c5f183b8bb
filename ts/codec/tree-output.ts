// Memory of the thread that trees are written into, and how the simple parts of them are written.
import type { WrittenShape } from './shapes.js';
import { shortText, writeShort } from './text.js';
import { Item } from './tree-format.js';

/** Memory at first, and again after a message that needed more. */
export const firstBytes = 64 * 1024;
/** Bytes of a simple value at most, and how many of them are written before room is looked for again. */
const simpleBytes = 2 + shortText;
const simpleAtOnce = 64;

export class TreeOutput {
  /** What was written, from the start to `at`. */
  bytes = Buffer.alloc(0);
  words = new Uint32Array();
  at = 0;
  #view = new DataView(this.words.buffer);

  start(): void {
    if (this.at > firstBytes || this.bytes.length === 0) this.#use(new ArrayBuffer(firstBytes));
    this.at = 0;
  }

  item(item: number): void {
    this.#need(1);
    this.bytes[this.at++] = item;
  }

  /** An item, and how many others follow. */
  head(item: number, count: number): void {
    this.#need(5);
    this.bytes[this.at] = item;
    this.#view.setUint32(this.at + 1, count, true);
    this.at += 5;
  }

  /**
   * Writes the values of a list from `first` on, up to `end` or to one that is not simple: a number,
   * a boolean, null, undefined or a short text. Returns where it stopped. All in one function, for
   * small objects are little else.
   */
  simple(values: readonly unknown[], first: number, end: number): number {
    const until = Math.min(end, first + simpleAtOnce);
    this.#need(simpleBytes * (until - first));
    const { bytes } = this;
    const view = this.#view;
    let { at } = this;
    let i = first;
    for (; i < until; i++) {
      const value = values[i];
      if (typeof value === 'number') {
        at = putNumber(bytes, view, at, value);
      } else if (typeof value === 'string') {
        const { length } = value;
        if (length > shortText || !writeShort(value, bytes, at + 2)) break;
        bytes[at] = Item.shortText;
        bytes[at + 1] = length;
        at += 2 + length;
      } else if (typeof value === 'boolean') {
        bytes[at++] = value ? Item.true : Item.false;
      } else if (value === null) {
        bytes[at++] = Item.null;
      } else if (value === undefined) {
        bytes[at++] = Item.undefined;
      } else {
        break;
      }
    }
    this.at = at;
    return i;
  }

  number(value: number): void {
    this.#need(9);
    this.at = putNumber(this.bytes, this.#view, this.at, value);
  }

  date(value: Date): void {
    this.#need(9);
    this.bytes[this.at] = Item.date;
    this.#view.setFloat64(this.at + 1, Date.prototype.getTime.call(value), true);
    this.at += 9;
  }

  bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      this.item(Item.longBigint);
      this.text(value.toString(16));
      return;
    }
    this.#need(9);
    this.bytes[this.at] = Item.bigint;
    this.#view.setBigInt64(this.at + 1, value, true);
    this.at += 9;
  }

  text(text: string): void {
    const { length } = text;
    if (length <= shortText) {
      this.#need(2 + length);
      const { at } = this;
      if (writeShort(text, this.bytes, at + 2)) {
        this.bytes[at] = Item.shortText;
        this.bytes[at + 1] = length;
        this.at = at + 2 + length;
        return;
      }
    }
    const isNarrow = length > shortText && Buffer.byteLength(text) === length;
    this.head(isNarrow ? Item.latin1 : Item.utf16, length);
    this.#need(isNarrow ? length : 2 * length);
    this.at += isNarrow
      ? this.bytes.write(text, this.at, 'latin1')
      : this.bytes.write(text, this.at, 'utf16le');
  }

  data(tag: number, data: Uint8Array): void {
    this.item(Item.view);
    this.head(tag, data.length);
    this.#need(data.length);
    this.bytes.set(data, this.at);
    this.at += data.length;
  }

  shape({ hash, words }: WrittenShape): void {
    this.#need(7 + 4 * words.length);
    const view = this.#view;
    let { at } = this;
    this.bytes[at] = Item.object;
    view.setInt32(at + 1, hash, true);
    view.setUint16(at + 5, words.length, true);
    at += 7;
    for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i]!, true);
    this.at = at;
  }

  shapeAgain(index: number): void {
    this.#need(3);
    this.bytes[this.at] = Item.again;
    this.#view.setUint16(this.at + 1, index, true);
    this.at += 3;
  }

  #need(bytes: number): void {
    const least = this.at + bytes;
    if (least <= this.bytes.length) return;
    const written = this.bytes.subarray(0, this.at);
    // Whole words.
    this.#use(new ArrayBuffer((Math.max(least, 2 * this.bytes.length) + 7) & ~7));
    this.bytes.set(written);
  }

  #use(buffer: ArrayBuffer): void {
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
  }
}

/** Where the next item goes. */
function putNumber(bytes: Buffer, view: DataView, at: number, value: number): number {
  const whole = value | 0;
  // Not -0, which has a sign.
  if (whole !== value || (whole === 0 && 1 / value < 0)) {
    bytes[at] = Item.double;
    view.setFloat64(at + 1, value, true);
    return at + 9;
  }
  if ((whole << 24) >> 24 === whole) {
    bytes[at] = Item.int8;
    bytes[at + 1] = whole;
    return at + 2;
  }
  bytes[at] = Item.int32;
  view.setInt32(at + 1, whole, true);
  return at + 5;
}
