// Keys of items: bytes that compare as the items do, so that any process can compare two items
// without decoding them, and no comparison can fail.
//
//   TAG | OF                           | BYTES AFTER IT
//   ----+------------------------------+----------------------------------------------------------
//     0 | the end of an array          | none
//     1 | number, boolean, Date,bigint | the nearest double, then what it lacks, both as below
//     2 | text                         | its UTF-16 units, big endian, 0 as 0 1; then 0 0
//     3 | array                        | its elements, then tag 0
//     4 | anything else                | none: all of that are alike
//
// A double is written big endian, with all bits turned over when it is negative, else only the sign:
// then bytes compare as numbers do, and NaN comes after all of them.

/** Deeper arrays, and those that contain themselves, are alike from there on. */
const deepest = 32;

let bytes = Buffer.alloc(1024);
let length = 0;

/**
 * The key of an item; valid until the next call. Numbers come before texts, texts before arrays,
 * arrays before everything else; arrays compare element by element, shorter ones first.
 */
export function orderKey(item: unknown): Uint8Array {
  length = 0;
  write(item, 0);
  return bytes.subarray(0, length);
}

function write(item: unknown, depth: number): void {
  if (typeof item === 'number') writeNumber(item, 0);
  else if (typeof item === 'string') writeText(item);
  else if (typeof item === 'bigint') writeBigint(item);
  else if (typeof item === 'boolean') writeNumber(Number(item), 0);
  else if (Array.isArray(item) && depth < deepest) writeArray(item, depth);
  else if (item instanceof Date) writeNumber(item.getTime(), 0);
  else writeTag(4);
}

function makeRoom(count: number): void {
  if (length + count <= bytes.length) return;
  const larger = Buffer.alloc(Math.max(2 * bytes.length, length + count));
  bytes.copy(larger, 0, 0, length);
  bytes = larger;
}

function writeTag(tag: number): void {
  makeRoom(1);
  bytes[length++] = tag;
}

function writeNumber(nearest: number, rest: number): void {
  writeTag(1);
  writeDouble(nearest);
  writeDouble(rest);
}

function writeDouble(value: number): void {
  makeRoom(8);
  // -0 is 0.
  bytes.writeDoubleBE(value + 0, length);
  const isNegative = bytes[length]! >= 0x80;
  if (!isNegative || Number.isNaN(value)) bytes[length]! |= 0x80;
  else for (let i = 0; i < 8; i++) bytes[length + i]! ^= 0xff;
  length += 8;
}

/** Exact up to 106 bits, which is more than clocks and counters have. */
function writeBigint(value: bigint): void {
  const nearest = Number(value);
  writeNumber(nearest, Number.isFinite(nearest) ? Number(value - BigInt(nearest)) : 0);
}

function writeText(text: string): void {
  writeTag(2);
  makeRoom(4 * text.length + 4);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    length = bytes.writeUInt16BE(unit, length);
    if (unit === 0) length = bytes.writeUInt16BE(1, length);
  }
  length = bytes.writeUInt32BE(0, length);
}

function writeArray(items: readonly unknown[], depth: number): void {
  writeTag(3);
  for (const item of items) write(item, depth + 1);
  writeTag(0);
}
