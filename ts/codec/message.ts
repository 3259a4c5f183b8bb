// Values to messages of a ring and back. Numbers, long strings and typed arrays are written into the
// ring directly; trees are encoded by the tree codec, all else by the general one, before the ring is
// locked: so what user code throws (a getter, for one) reaches the caller, and nothing is sent.
import type { Arrivals } from '../memory/arrivals.js';
import { decode, decodeSync, discard, encode, forsakeMessage, needsNoModule } from './codec.js';
import { readBinary, tagOfView, viewedBytes, isPlainBuffer } from './binary.js';
import { Tag } from './tags.js';
import { isWellFormed, readShort, shortText } from './text.js';
import { malformed } from './tree-format.js';
import { firstBytes } from './tree-output.js';
import { bigintOf, TreeReader, type Source } from './tree-reader.js';
import { notATree, TreeWriter } from './tree-writer.js';

/** A value that is ready to be written. */
export interface Message {
  readonly tag: number;
  /** Of payload, at most. */
  readonly bytes: number;
  /** Undefined where there are no bytes, or they are in the output of `writer`. */
  readonly body: Body;
}

type Body = undefined | number | bigint | string | Uint8Array;

/** The id of a thread, asked for only when a message has shared objects in it. */
export type Keeper = () => number | undefined;

/** The data of a piece of a ring, seen as what records consist of. */
export interface MessageSpace extends Source {
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly longs: BigInt64Array;
}

const writer = new TreeWriter();
const reader = new TreeReader();

const trueMessage: Message = { tag: Tag.true, bytes: 0, body: undefined };
const falseMessage: Message = { tag: Tag.false, bytes: 0, body: undefined };
const nullMessage: Message = { tag: Tag.null, bytes: 0, body: undefined };
const undefinedMessage: Message = { tag: Tag.undefined, bytes: 0, body: undefined };

/**
 * The message of a value. What it is made of may be the value's own memory, or the encoder's: it is
 * to be written before anything else happens.
 *
 * @param keeper - with whose end the shared objects in it come back when nobody gets it
 * @param label - begins the paths in error messages
 * @throws NotCloneableError or NotImportableError for what cannot be sent
 */
export function messageOf(value: unknown, keeper: Keeper, label = 'the item'): Message {
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
      return value === null ? nullMessage : objectMessage(value, keeper, label);
    case 'function':
    case 'symbol':
      return generalMessage(value, keeper, label);
  }
}

/** The same message, in memory of its own, to be written later. */
export function keepMessage(message: Message): Message {
  const { tag, bytes, body } = message;
  if (tag === Tag.general) return message;
  if (body instanceof Uint8Array) return { tag, bytes, body: body.slice() };
  if (body !== undefined) return message;
  // A large output is not used again.
  const output = written(bytes);
  return { tag, bytes, body: bytes > firstBytes ? output : output.slice() };
}

/** Whether what the message is made of is the memory of the value itself. */
export function isBorrowed({ tag, body }: Message): boolean {
  return body instanceof Uint8Array && tag !== Tag.general;
}

/** Gives back what is in flight in a message that will not be sent. */
export function discardMessage({ tag, body }: Message): void {
  if (tag === Tag.general) discard(body as Uint8Array);
}

/** What the writer wrote last. */
function written(bytes: number): Uint8Array {
  return new Uint8Array(writer.output.bytes.buffer, 0, bytes);
}

function textMessage(text: string): Message {
  const { length } = text;
  if (length <= shortText && writer.short(text)) {
    return { tag: Tag.latin1, bytes: length, body: undefined };
  }
  if (!isWellFormed(text)) return { tag: Tag.utf16, bytes: 2 * length, body: text };
  const bytes = Buffer.byteLength(text);
  return { tag: bytes === length ? Tag.latin1 : Tag.utf8, bytes, body: text };
}

function bigintMessage(value: bigint): Message {
  if (BigInt.asIntN(64, value) === value) return { tag: Tag.bigint, bytes: 8, body: value };
  const digits = value.toString(16);
  return { tag: Tag.longBigint, bytes: digits.length, body: digits };
}

function objectMessage(value: object, keeper: Keeper, label: string): Message {
  if (ArrayBuffer.isView(value)) {
    const tag = tagOfView(value);
    if (tag === undefined) return generalMessage(value, keeper, label);
    return { tag, bytes: value.byteLength, body: viewedBytes(value) };
  }
  if (isPlainBuffer(value)) {
    return { tag: Tag.arrayBuffer, bytes: value.byteLength, body: new Uint8Array(value) };
  }
  const bytes = writer.write(value);
  if (bytes !== notATree) return { tag: Tag.tree, bytes, body: undefined };
  return generalMessage(value, keeper, label);
}

function generalMessage(value: unknown, keeper: Keeper, label: string): Message {
  const body = encode(value, { label, holder: keeper() });
  return { tag: Tag.general, bytes: body.length, body };
}

/** Up to so many bytes, copying word by word is quicker than a call. */
const fewBytes = 256;

/** Writes the payload to where a ring has room for it. */
export function writeMessage(message: Message, space: MessageSpace, place: number): void {
  const { tag, bytes, body } = message;
  if (body === undefined) copyWritten(bytes, space, place);
  else if (typeof body === 'number') space.doubles[place >> 3] = body;
  else if (typeof body === 'bigint') space.longs[place >> 3] = body;
  else if (typeof body === 'string') writeText(body, tag, space.bytes, place);
  else space.bytes.set(body, place);
}

function copyWritten(bytes: number, { words, bytes: space }: MessageSpace, place: number): void {
  if (bytes > fewBytes) {
    space.set(written(bytes), place);
    return;
  }
  const from = writer.output.words;
  const to = place >> 2;
  // Records are padded to 8 bytes, so that there is room for a last whole word.
  for (let i = 0; 4 * i < bytes; i++) words[to + i] = from[i]!;
}

function writeText(text: string, tag: number, bytes: Buffer, place: number): void {
  if (tag === Tag.utf8) bytes.write(text, place, 'utf8');
  else if (tag === Tag.utf16) bytes.write(text, place, 'utf16le');
  else bytes.write(text, place, 'latin1');
}

/**
 * The value of a payload; it is copied, for the ring is used again.
 *
 * @throws MultiprocessingError `ERR_MP_MESSAGE_FORMAT` when it is none
 */
export function readMessage(
  space: MessageSpace,
  place: number,
  bytes: number,
  tag: number,
): unknown {
  switch (tag) {
    case Tag.number:
      return space.doubles[place >> 3];
    case Tag.tree:
      return reader.read(space, place, place + bytes);
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
    case Tag.raw:
      return new Raw(readBinary(space.bytes, place, bytes, Tag.firstArray) as Buffer);
    case Tag.general:
      return new Encoded(readBinary(space.bytes, place, bytes, Tag.uint8) as Uint8Array);
    default:
      if (tag > Tag.utf16) return readBinary(space.bytes, place, bytes, tag);
      return readText(space.bytes, place, bytes, tag);
  }
}

function readText(from: Buffer, place: number, bytes: number, tag: number): string | bigint {
  if (tag === Tag.latin1) {
    if (bytes <= shortText) return readShort(from, place, bytes);
    return from.toString('latin1', place, place + bytes);
  }
  if (tag === Tag.utf8) return from.toString('utf8', place, place + bytes);
  if (tag === Tag.utf16) return from.toString('utf16le', place, place + bytes);
  if (tag !== Tag.longBigint) throw malformed();
  return bigintOf(from.toString('latin1', place, place + bytes));
}

/** Bytes that were sent as such, and not as a value. */
export class Raw {
  constructor(readonly bytes: Buffer) {}
}

/** What the general codec has to decode, once the ring is unlocked. */
export class Encoded {
  constructor(readonly bytes: Uint8Array) {}

  get needsNoModule(): boolean {
    return needsNoModule(this.bytes);
  }

  /** At once; throws NotImportableError when a function in it needs an asynchronous import. */
  decodeSync(arrivals?: Arrivals): unknown {
    return decodeSync(this.bytes, arrivals);
  }

  decode(arrivals?: Arrivals): Promise<unknown> {
    return decode(this.bytes, arrivals);
  }

  /** Gives the value: at once, unless a module has to be loaded for it. */
  give(done: (value: unknown) => void, failed: (error: unknown) => void): void {
    if (!this.needsNoModule) {
      this.decode().then(done, failed);
      return;
    }
    let value: unknown;
    try {
      value = this.decodeSync();
    } catch (error) {
      failed(error);
      return;
    }
    done(value);
  }

  /** Nobody will have the value. */
  discard(): void {
    forsakeMessage(this.bytes);
  }
}
