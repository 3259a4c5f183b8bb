// The classes of shared arrays: each a typed array over the bytes of a block.
import { invalidArgument, outOfRange } from '../errors.js';
import { closeBlock, createBlock, type Block } from '../memory/block.js';
import { ObjectKind } from '../native/binding.js';
import { blockKey, setParts, openBlock, type Parts } from './parts.js';
import { shown, scalars, toBigInt, type AnyTypedArray, type Scalar } from './scalars.js';
import { bytesOf, codePointsOf, readText, write, writeText } from './text.js';

/** A typed array over a block. */
export type SharedTypedArray = AnyTypedArray & Parts;
export type SharedArrayClass = new (block: Block) => SharedTypedArray;
type TypedArrayClass = new (buffer: ArrayBuffer) => Int32Array;

/** A subclass of the scalar's typed array; what is derived from its objects is an ordinary one. */
function sharedClass({ view }: Scalar): SharedArrayClass {
  const base = view as unknown as TypedArrayClass;
  const shared = class extends base implements Parts {
    declare readonly [blockKey]: Block;

    static get [Symbol.species](): TypedArrayClass {
      return base;
    }

    constructor(block: Block) {
      super(block.buffer);
      setParts(this, { [blockKey]: block });
    }

    close(): void {
      closeBlock(this[blockKey]);
    }

    [Symbol.dispose](): void {
      this.close();
    }
  };
  Object.defineProperty(shared, 'name', { value: `Shared${view.name}` });
  return shared;
}

class SharedText extends (sharedClass(scalars.char) as new (block: Block) => Uint8Array & Parts) {
  get value(): string {
    openBlock(this);
    return readText(this);
  }

  set value(text: unknown) {
    openBlock(this);
    writeText(this as Uint8Array, bytesOf(text));
  }

  get raw(): Buffer {
    openBlock(this);
    return Buffer.from(this);
  }

  set raw(bytes: unknown) {
    openBlock(this);
    write(this as Uint8Array, bytesOf(bytes));
  }
}

class SharedCodePoints extends (sharedClass(scalars.codePoint) as new (
  block: Block,
) => Uint32Array & Parts) {
  get value(): string {
    openBlock(this);
    return readText(this);
  }

  set value(text: unknown) {
    openBlock(this);
    writeText(this as Uint32Array, codePointsOf(text));
  }
}

const classes = new Map<Scalar, SharedArrayClass>(
  Object.values(scalars).map((scalar) => [scalar, sharedClass(scalar)]),
);
classes.set(scalars.char, SharedText);
classes.set(scalars.codePoint, SharedCodePoints);

/** The class of the arrays of a type. */
export function sharedArrayClass(scalar: Scalar): SharedArrayClass {
  return classes.get(scalar)!;
}

/** A new block for `length` elements, or for those of an iterable, which are written to it. */
export function createArrayBlock(scalar: Scalar, content: unknown): Block {
  const items = typeof content === 'number' ? undefined : itemsOf(scalar, content);
  const length = items?.length ?? checkLength(content);
  const { element, bytes, view } = scalar;
  const block = createBlock({ kind: ObjectKind.array, element, byteLength: length * bytes });
  if (items !== undefined) {
    (new view(block.buffer, 0, length) as Int32Array).set(items as ArrayLike<number>);
  }
  return block;
}

/** Checks how many elements there are to be. */
export function checkLength(length: unknown): number {
  if (typeof length !== 'number' || !Number.isInteger(length)) {
    throw invalidArgument(`a length is a whole number, not ${shown(length)}`);
  }
  if (length < 0 || length > Number.MAX_SAFE_INTEGER / 16) {
    throw outOfRange(`a length must not be ${length}`);
  }
  return length;
}

/** The elements of an iterable, or an error that says what may be given. */
export function elementsOf(content: unknown): readonly unknown[] {
  const isIterable = typeof content === 'object' && content !== null && Symbol.iterator in content;
  if (!isIterable) {
    throw invalidArgument(`an Array takes a length or an iterable, not ${shown(content)}`);
  }
  return [...(content as Iterable<unknown>)];
}

function itemsOf(scalar: Scalar, content: unknown): ArrayLike<unknown> {
  if (typeof content === 'string') {
    if (scalar === scalars.char) return bytesOf(content);
    if (scalar === scalars.codePoint) return codePointsOf(content);
    throw invalidArgument(`only a 'c' or 'u' Array takes a string, not one of ${scalar.name}`);
  }
  const isBig = scalar === scalars.int64 || scalar === scalars.uint64;
  if (content instanceof scalar.view) return content;
  return elementsOf(content).map((item) => {
    if (isBig) return toBigInt(scalar.name, item);
    if (typeof item === 'number') return item;
    // Characters of text; for all other types this explains what is wrong.
    return scalar.stored(item);
  });
}
