// What the payload of a message is: the tag in a ring's record. 0 is padding (native/layout/ring.h).

export const Tag = {
  number: 1,
  true: 2,
  false: 3,
  null: 4,
  undefined: 5,
  bigint: 6,
  /** A bigint of more than 64 bits, in hexadecimal digits with a sign. */
  longBigint: 7,
  latin1: 8,
  utf8: 9,
  /** Strings with halves of surrogate pairs, which no UTF-8 can carry. */
  utf16: 10,
  arrayBuffer: 11,
  dataView: 12,
  /** A tree, as tree-format.ts says. */
  tree: 13,
  /** Anything else, as codec.ts writes it. */
  general: 14,
  /** Bytes that sendBytes() of a pipe sent. */
  raw: 15,
  /** Typed arrays: this and the place of their class in the list. */
  firstArray: 16,
  uint8: 17,
} as const;

type ArrayClass = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Classes of typed arrays, by tag; the order is part of the format. */
export const arrayClasses: readonly ArrayClass[] = [
  Buffer,
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** The tag of exactly these classes: instances of others, such as shared arrays, travel otherwise. */
export const arrayTags = new Map<unknown, number>(
  arrayClasses.map((type, index) => [type.prototype, Tag.firstArray + index]),
);

/** Whether a payload with this tag is binary data, byte by byte. */
export function isBinary(tag: number): boolean {
  return tag === Tag.arrayBuffer || tag === Tag.dataView || tag >= Tag.firstArray;
}
