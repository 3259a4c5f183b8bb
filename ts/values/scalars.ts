// The single values that shared data is made of: Python's type codes and our names, their sizes,
// and what may be stored in them.
import { inspect } from 'node:util';

import { invalidArgument, outOfRange } from '../errors.js';
import { ElementType } from '../native/binding.js';

/** What memory holds of a single value. */
export type Stored = number | bigint;

/** A typed array of any type. */
export type AnyTypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface ViewClass {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): AnyTypedArray;
  readonly name: string;
  readonly ['BYTES_PER_ELEMENT']: number;
}

/** A type of single values. */
export interface Scalar {
  readonly name: ScalarName;
  readonly element: ElementType;
  readonly bytes: number;
  readonly view: ViewClass;
  /** Checks what a user gave, and converts it to what memory holds; throws when it does not fit. */
  stored(input: unknown): Stored;
  /** The reverse: what users read. */
  item(stored: Stored): Stored | string;
}

type ScalarName = Exclude<keyof typeof ElementType, 'record'>;

const identity = (stored: Stored): Stored => stored;

/** As users see it in a message. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 40 });
}

function whole(name: ScalarName, least: number, most: number) {
  return (input: unknown): number => {
    if (typeof input !== 'number' || !Number.isInteger(input)) {
      throw invalidArgument(`${name} holds whole numbers, not ${shown(input)}`);
    }
    if (input < least || input > most) {
      throw outOfRange(`${name} holds ${least} … ${most}, not ${shown(input)}`);
    }
    return input;
  };
}

/** A bigint, or a number that is exact. */
export function toBigInt(name: string, input: unknown): bigint {
  if (typeof input === 'bigint') return input;
  if (typeof input === 'number' && Number.isSafeInteger(input)) return BigInt(input);
  if (typeof input === 'number' && Number.isInteger(input)) {
    throw outOfRange(`${shown(input)} is not exact as a number: give ${name} a bigint`);
  }
  throw invalidArgument(`${name} holds bigints and whole numbers, not ${shown(input)}`);
}

function wide(name: ScalarName, fit: (input: bigint) => bigint, range: string) {
  return (input: unknown): bigint => {
    const big = toBigInt(name, input);
    if (fit(big) !== big) throw outOfRange(`${name} holds ${range}, not ${shown(input)}`);
    return big;
  };
}

function float64(input: unknown): number {
  if (typeof input === 'number') return input;
  throw invalidArgument(`float64 holds numbers, not ${shown(input)}`);
}

function float32(input: unknown): number {
  if (typeof input !== 'number') {
    throw invalidArgument(`float32 holds numbers, not ${shown(input)}`);
  }
  if (Number.isFinite(input) && !Number.isFinite(Math.fround(input))) {
    throw outOfRange(`float32 holds -3.4e38 … 3.4e38, not ${shown(input)}`);
  }
  return input;
}

function char(input: unknown): number {
  const code =
    typeof input === 'string'
      ? input.charCodeAt(0)
      : input instanceof Uint8Array
        ? input[0]
        : undefined;
  if (code === undefined || (input as string | Uint8Array).length !== 1) {
    throw invalidArgument(`char holds one byte or one character, not ${shown(input)}`);
  }
  if (code > 0xff) throw outOfRange(`char holds U+0000 … U+00FF, not ${shown(input)}`);
  return code;
}

function codePoint(input: unknown): number {
  const code = typeof input === 'string' ? input.codePointAt(0) : undefined;
  if (code === undefined || (input as string).length !== (code > 0xffff ? 2 : 1)) {
    throw invalidArgument(`'u' holds one character, not ${shown(input)}`);
  }
  return code;
}

/** The character of a number that any process may have written. */
export function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

interface Conversions<S extends Stored> {
  stored(input: unknown): S;
  item?(stored: Stored): string;
}

function scalar<S extends Stored>(name: ScalarName, view: ViewClass, conversions: Conversions<S>) {
  const element = ElementType[name];
  return { name, element, bytes: view.BYTES_PER_ELEMENT, view, item: identity, ...conversions };
}

const long = { low: -(2n ** 63n), high: 2n ** 63n - 1n, unsigned: 2n ** 64n - 1n };

/** All types by name. */
export const scalars = {
  int8: scalar('int8', Int8Array, { stored: whole('int8', -128, 127) }),
  uint8: scalar('uint8', Uint8Array, { stored: whole('uint8', 0, 255) }),
  int16: scalar('int16', Int16Array, { stored: whole('int16', -32768, 32767) }),
  uint16: scalar('uint16', Uint16Array, { stored: whole('uint16', 0, 65535) }),
  int32: scalar('int32', Int32Array, { stored: whole('int32', -(2 ** 31), 2 ** 31 - 1) }),
  uint32: scalar('uint32', Uint32Array, { stored: whole('uint32', 0, 2 ** 32 - 1) }),
  int64: scalar('int64', BigInt64Array, {
    stored: wide('int64', (big) => BigInt.asIntN(64, big), `${long.low} … ${long.high}`),
  }),
  uint64: scalar('uint64', BigUint64Array, {
    stored: wide('uint64', (big) => BigInt.asUintN(64, big), `0 … ${long.unsigned}`),
  }),
  float32: scalar('float32', Float32Array, { stored: float32 }),
  float64: scalar('float64', Float64Array, { stored: float64 }),
  char: scalar('char', Uint8Array, {
    stored: char,
    item: (stored) => String.fromCharCode(Number(stored)),
  }),
  codePoint: scalar('codePoint', Uint32Array, {
    stored: codePoint,
    item: (stored) => characterOf(Number(stored)),
  }),
} satisfies Record<ScalarName, Scalar>;

const codes: Readonly<Record<string, Scalar>> = {
  b: scalars.int8,
  B: scalars.uint8,
  h: scalars.int16,
  H: scalars.uint16,
  i: scalars.int32,
  I: scalars.uint32,
  q: scalars.int64,
  Q: scalars.uint64,
  l: scalars.int64,
  L: scalars.uint64,
  f: scalars.float32,
  d: scalars.float64,
  c: scalars.char,
  u: scalars.codePoint,
};

const byType = new Map<string, Scalar>([
  ...Object.entries(codes),
  ...Object.entries(scalars).filter(([name]) => name !== 'codePoint'),
]);

const byElement = new Map<number, Scalar>(Object.values(scalars).map((one) => [one.element, one]));

/** The scalar of a code or name; undefined when there is none such. */
export function scalarNamed(type: unknown): Scalar | undefined {
  return typeof type === 'string' ? byType.get(type) : undefined;
}

/** The scalar of an element type in a block's header. */
export function scalarOfElement(element: number): Scalar {
  const scalar = byElement.get(element);
  if (scalar === undefined) throw invalidArgument(`no element type has the number ${element}`);
  return scalar;
}

/** The error about a type that is none. */
export function unknownType(type: unknown): TypeError {
  const known = [...byType.keys()].map((one) => `'${one}'`).join(' ');
  return invalidArgument(`${shown(type)} is no type: give one of ${known}, or a struct()`);
}
