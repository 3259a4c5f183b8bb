// Buffers that users pass, checked at the edge.
import { invalidArgument, outOfRange } from '../errors.js';

/**
 * Bytes, in any kind of buffer.
 *
 * @public
 */
export type BytesInput = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

export function bytesOf(method: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  throw invalidArgument(`${method}() takes bytes, such as a Buffer, not ${describe(value)}`);
}

/** `size` bytes from `offset` on; all that follow when `size` is undefined. */
export function part(
  method: string,
  bytes: Uint8Array,
  { offset = 0, size }: { offset?: number | undefined; size?: number | undefined },
): Uint8Array {
  checkCount(method, 'offset', offset, bytes.length);
  if (size === undefined) return bytes.subarray(offset);
  checkCount(method, 'size', size, bytes.length - offset);
  return bytes.subarray(offset, offset + size);
}

/** A whole number from 0 to `largest`. */
export function checkCount(method: string, name: string, value: unknown, largest: number): void {
  if (typeof value !== 'number') {
    throw invalidArgument(`${method}(): ${name} must be a number, not ${describe(value)}`);
  }
  if (Number.isInteger(value) && value >= 0 && value <= largest) return;
  throw outOfRange(
    `${method}(): ${name} is ${String(value)}; it must be a whole number from 0 to ${String(largest)}`,
  );
}

export function describe(value: unknown): string {
  if (typeof value === 'string') return 'a string';
  if (value === null || typeof value !== 'object') return String(value);
  return `a ${value.constructor.name}`;
}
