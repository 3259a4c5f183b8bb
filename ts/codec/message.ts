// Values to messages of a ring and back. Simple values, strings and typed arrays are written into the
// ring directly; plain trees are encoded by msgpackr, all else by the general codec, before the ring
// is locked: so what user code throws (a getter, for one) reaches the caller, and nothing is sent.
import { Packr, Unpackr } from 'msgpackr';

import { decode, decodeSync, discard, encode } from './codec.js';
import { isPlainTree, isWellFormed } from './plain-tree.js';
import { arrayClasses, arrayTags, Tag } from './tags.js';

/** A value that is ready to be written. */
export interface Message {
  readonly tag: number;
  /** Of payload, at most. */
  readonly bytes: number;
  readonly body: Body;
}

type Body = undefined | number | bigint | string | Uint8Array;

/** The id of a thread, asked for only when a message has shared objects in it. */
export type Keeper = () => number;

/** The data of a piece of a ring, seen as what records consist of. */
export interface MessageSpace {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly longs: BigInt64Array;
}

// No records: each message is whole in itself, whoever gets it.
const format = { useRecords: false, mapsAsObjects: true, variableMapSize: true } as const;
const packr = new Packr(format);
const unpackr = new Unpackr(format);

const trueMessage: Message = { tag: Tag.true, bytes: 0, body: undefined };
const falseMessage: Message = { tag: Tag.false, bytes: 0, body: undefined };
const nullMessage: Message = { tag: Tag.null, bytes: 0, body: undefined };
const undefinedMessage: Message = { tag: Tag.undefined, bytes: 0, body: undefined };

/** Up to this many characters are looked at and copied one by one. */
const shortText = 24;

/**
 * The message of a value. What it is made of may be the value's own memory, or the encoder's: it is
 * to be written before anything else happens.
 *
 * @param keeper - with whose end the shared objects in it come back when nobody gets it
 * @throws NotCloneableError or NotImportableError for what cannot be sent
 */
export function messageOf(value: unknown, keeper: Keeper): Message {
  switch (typeof value) {
    case 'number':
      return { tag: Tag.number, bytes: 8, body: value };
    case 'boolean':
      return value ? trueMessage : falseMessage;
    case 'undefined':
      return undefinedMessage;
    case 'string':
      return textMessage(value);
    case 'bigint':
      return bigintMessage(value);
    case 'object':
      return value === null ? nullMessage : objectMessage(value, keeper);
    case 'function':
    case 'symbol':
      return generalMessage(value, keeper);
  }
}

/** The same message, in memory of its own, to be written later. */
export function keepMessage(message: Message): Message {
  const { tag, bytes, body } = message;
  return body instanceof Uint8Array ? { tag, bytes, body: body.slice() } : message;
}

/** Gives back what is in flight in a message that will not be sent. */
export function discardMessage({ tag, body }: Message): void {
  if (tag === Tag.general) discard(body as Uint8Array);
}

function isShortAscii(text: string): boolean {
  if (text.length > shortText) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return false;
  }
  return true;
}

function textMessage(text: string): Message {
  if (isShortAscii(text)) return { tag: Tag.ascii, bytes: text.length, body: text };
  if (!isWellFormed(text)) return { tag: Tag.utf16, bytes: 2 * text.length, body: text };
  const bytes = Buffer.byteLength(text);
  return { tag: bytes === text.length ? Tag.ascii : Tag.utf8, bytes, body: text };
}

function bigintMessage(value: bigint): Message {
  if (BigInt.asIntN(64, value) === value) return { tag: Tag.bigint, bytes: 8, body: value };
  const digits = value.toString(16);
  return { tag: Tag.longBigint, bytes: digits.length, body: digits };
}

function objectMessage(value: object, keeper: Keeper): Message {
  if (ArrayBuffer.isView(value)) return viewMessage(value, keeper);
  if (isPlainTree(value)) {
    const body = packr.pack(value);
    return { tag: Tag.tree, bytes: body.length, body };
  }
  if (value instanceof ArrayBuffer && Object.getPrototypeOf(value) === ArrayBuffer.prototype) {
    return { tag: Tag.arrayBuffer, bytes: value.byteLength, body: new Uint8Array(value) };
  }
  return generalMessage(value, keeper);
}

function viewMessage(view: ArrayBufferView, keeper: Keeper): Message {
  const prototype: unknown = Object.getPrototypeOf(view);
  const tag = prototype === DataView.prototype ? Tag.dataView : arrayTags.get(prototype);
  if (tag === undefined || !(view.buffer instanceof ArrayBuffer))
    return generalMessage(view, keeper);
  const { byteOffset, byteLength: bytes } = view;
  const body = view instanceof Uint8Array ? view : new Uint8Array(view.buffer, byteOffset, bytes);
  return { tag, bytes, body };
}

function generalMessage(value: unknown, keeper: Keeper): Message {
  const body = encode(value, { label: 'the item', holder: keeper() });
  return { tag: Tag.general, bytes: body.length, body };
}

/** Writes the payload to where a ring has room for it. */
export function writeMessage({ tag, body }: Message, space: MessageSpace, place: number): void {
  if (body === undefined) return;
  if (typeof body === 'number') space.doubles[place >> 3] = body;
  else if (typeof body === 'bigint') space.longs[place >> 3] = body;
  else if (typeof body === 'string') writeText(body, tag, space.bytes, place);
  else space.bytes.set(body, place);
}

function writeText(text: string, tag: number, bytes: Buffer, place: number): void {
  if (tag === Tag.utf8) bytes.write(text, place, 'utf8');
  else if (tag === Tag.utf16) bytes.write(text, place, 'utf16le');
  else if (text.length > shortText) bytes.write(text, place, 'latin1');
  else for (let i = 0; i < text.length; i++) bytes[place + i] = text.charCodeAt(i);
}

/** The value of a payload; it is copied, for the ring is used again. */
export function readMessage(
  space: MessageSpace,
  place: number,
  bytes: number,
  tag: number,
): unknown {
  switch (tag) {
    case Tag.number:
      return space.doubles[place >> 3];
    case Tag.true:
      return true;
    case Tag.false:
      return false;
    case Tag.null:
      return null;
    case Tag.undefined:
      return undefined;
    case Tag.bigint:
      return space.longs[place >> 3];
    case Tag.tree:
      return unpackr.unpack(space.bytes, { start: place, end: place + bytes });
    default:
      return tag <= Tag.utf16
        ? readText(space.bytes, place, bytes, tag)
        : readBytes(space.bytes, place, bytes, tag);
  }
}

function readText(from: Buffer, place: number, bytes: number, tag: number): string | bigint {
  if (tag === Tag.longBigint) return parseBigint(from.toString('latin1', place, place + bytes));
  if (tag === Tag.utf8) return from.toString('utf8', place, place + bytes);
  if (tag === Tag.utf16) return from.toString('utf16le', place, place + bytes);
  if (bytes > shortText) return from.toString('latin1', place, place + bytes);
  let text = '';
  for (let i = 0; i < bytes; i++) text += String.fromCharCode(from[place + i]!);
  return text;
}

function parseBigint(digits: string): bigint {
  return digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}

function readBytes(from: Buffer, place: number, bytes: number, tag: number): unknown {
  if (tag === Tag.firstArray || tag === Tag.raw) {
    const copy = Buffer.allocUnsafeSlow(bytes);
    copy.set(from.subarray(place, place + bytes));
    return tag === Tag.raw ? new Raw(copy) : copy;
  }
  const copy = new Uint8Array(bytes);
  copy.set(from.subarray(place, place + bytes));
  if (tag === Tag.general) return new Encoded(copy);
  if (tag === Tag.arrayBuffer) return copy.buffer;
  if (tag === Tag.dataView) return new DataView(copy.buffer);
  const type = arrayClasses[tag - Tag.firstArray];
  if (type === undefined) throw new RangeError(`a message has the unknown tag ${String(tag)}`);
  return new type(copy.buffer);
}

/** Bytes that were sent as such, and not as a value. */
export class Raw {
  constructor(readonly bytes: Buffer) {}
}

/** What the general codec has to decode, once the ring is unlocked. */
export class Encoded {
  constructor(readonly bytes: Uint8Array) {}

  /** At once; throws NotImportableError when a function in it needs an asynchronous import. */
  decodeSync(): unknown {
    return decodeSync(this.bytes);
  }

  decode(): Promise<unknown> {
    return decode(this.bytes);
  }

  discard(): void {
    discard(this.bytes);
  }
}
