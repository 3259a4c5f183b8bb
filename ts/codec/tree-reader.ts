// Reads trees (tree-format.ts) from where they are. Bytes that no writer wrote are an error: nothing
// behind the end is read, and nothing is made that is much larger than the message.
import { readBinary } from './binary.js';
import { ReadShape, setOwn } from './shapes.js';
import { readShort, shortText } from './text.js';
import { Item, malformed, maxDepth } from './tree-format.js';

/** Memory that messages lie in. */
export interface Source {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** A power of two. Two shapes in one place displace each other. */
const shapePlaces = 1024;

export class TreeReader {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;
  #end = 0;
  #depth = 0;
  readonly #known = new Array<ReadShape | undefined>(shapePlaces).fill(undefined);
  /** Of this message. */
  readonly #shapes: ReadShape[] = [];
  #shapeCount = 0;
  /** A stack: the values of each object that is being read. */
  readonly #values: unknown[] = [];
  #top = 0;

  /** The tree that lies there; throws `ERR_MP_MESSAGE_FORMAT` when there is none. */
  read({ bytes, view }: Source, start: number, end: number): unknown {
    this.#bytes = bytes;
    this.#view = view;
    this.#at = start;
    this.#end = end;
    this.#depth = this.#shapeCount = this.#top = 0;
    const value = this.#value();
    if (this.#at !== end) throw malformed();
    return value;
  }

  /** Where so many bytes begin, which are now read. */
  #take(bytes: number): number {
    const at = this.#at;
    this.#at = at + bytes;
    if (this.#at > this.#end) throw malformed();
    return at;
  }

  #value(): unknown {
    const item = this.#bytes[this.#take(1)]!;
    switch (item) {
      case Item.int8:
        return this.#view.getInt8(this.#take(1));
      case Item.int32:
        return this.#view.getInt32(this.#take(4), true);
      case Item.double:
        return this.#view.getFloat64(this.#take(8), true);
      case Item.shortText:
        return this.#shortText();
      case Item.true:
        return true;
      case Item.false:
        return false;
      case Item.null:
        return null;
      case Item.undefined:
        return undefined;
      default:
        return item < Item.array ? this.#rare(item) : this.#container(item);
    }
  }

  #rare(item: number): unknown {
    switch (item) {
      case Item.latin1:
        return this.#text('latin1', 1);
      case Item.utf16:
        return this.#text('utf16le', 2);
      case Item.bigint:
        return this.#view.getBigInt64(this.#take(8), true);
      case Item.longBigint:
        return bigintOf(this.#name());
      default:
        return new Date(this.#view.getFloat64(this.#take(8), true));
    }
  }

  #shortText(): string {
    const length = this.#bytes[this.#take(1)]!;
    if (length > shortText) throw malformed();
    return readShort(this.#bytes, this.#take(length), length);
  }

  #text(encoding: 'latin1' | 'utf16le', size: number): string {
    const bytes = this.#view.getUint32(this.#take(4), true) * size;
    const start = this.#take(bytes);
    return this.#bytes.toString(encoding, start, start + bytes);
  }

  /** A text, where nothing else may be. */
  #name(): string {
    const text = this.#value();
    if (typeof text !== 'string') throw malformed();
    return text;
  }

  #container(item: number): unknown {
    if (++this.#depth > maxDepth) throw malformed();
    const value = this.#contained(item);
    this.#depth--;
    return value;
  }

  #contained(item: number): unknown {
    switch (item) {
      case Item.object:
        return this.#object(this.#shape());
      case Item.again:
        return this.#object(this.#shapeAgain());
      case Item.array:
        return this.#array(this.#count(1));
      case Item.map:
        return this.#map(this.#count(2));
      case Item.set:
        return this.#set(this.#count(1));
      case Item.dictionary:
        return this.#dictionary(this.#count(2));
      case Item.view:
        return this.#data();
      default:
        throw malformed();
    }
  }

  /** How many items follow, of so many bytes at least: no more than there can be. */
  #count(least: number): number {
    const count = this.#view.getUint32(this.#take(4), true);
    if (count * least > this.#end - this.#at) throw malformed();
    return count;
  }

  #object(shape: ReadShape): object {
    const values = this.#values;
    const first = this.#top;
    const end = first + shape.names.length;
    this.#top = end;
    for (let i = first; i < end; i++) values[i] = this.#value();
    this.#top = first;
    const object = shape.make(values, first);
    for (let i = first; i < end; i++) values[i] = undefined;
    return object;
  }

  #shape(): ReadShape {
    const view = this.#view;
    const hash = view.getInt32(this.#take(4), true);
    const count = view.getUint16(this.#take(2), true);
    const start = this.#take(4 * count);
    const place = hash & (shapePlaces - 1);
    let shape = this.#known[place];
    if (shape === undefined || !isThere(shape, view, start, count)) {
      const words = new Int32Array(count);
      for (let i = 0; i < count; i++) words[i] = view.getInt32(start + 4 * i, true);
      shape = this.#known[place] = new ReadShape(words);
    }
    this.#shapes[this.#shapeCount++] = shape;
    return shape;
  }

  #shapeAgain(): ReadShape {
    const index = this.#view.getUint16(this.#take(2), true);
    if (index >= this.#shapeCount) throw malformed();
    return this.#shapes[index]!;
  }

  #array(length: number): unknown[] {
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.#value());
    return items;
  }

  #map(size: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < size; i++) {
      const key = this.#value();
      map.set(key, this.#value());
    }
    return map;
  }

  #set(size: number): Set<unknown> {
    const set = new Set<unknown>();
    for (let i = 0; i < size; i++) set.add(this.#value());
    return set;
  }

  #dictionary(count: number): object {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const name = this.#name();
      setOwn(object, name, this.#value());
    }
    return object;
  }

  #data(): unknown {
    const tag = this.#bytes[this.#take(1)]!;
    const bytes = this.#count(1);
    return readBinary(this.#bytes, this.#take(bytes), bytes, tag);
  }
}

function isThere({ words }: ReadShape, view: DataView, start: number, count: number): boolean {
  if (words.length !== count) return false;
  for (let i = 0; i < count; i++) {
    if (words[i] !== view.getInt32(start + 4 * i, true)) return false;
  }
  return true;
}

const bigintDigits = /^-?[0-9a-f]+$/;

/** Of hexadecimal digits with a sign. */
export function bigintOf(digits: string): bigint {
  if (!bigintDigits.test(digits)) throw malformed();
  return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}
