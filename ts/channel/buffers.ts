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
  if (isDetached(bytes)) throw invalidArgument(`${method}(): the buffer was transferred elsewhere`);
  if (size === undefined) return bytes.subarray(offset);
  checkCount(method, 'size', size, bytes.length - offset);
  return bytes.subarray(offset, offset + size);
}

/** Of no bytes, and no part can be made of it. */
function isDetached(bytes: Uint8Array): boolean {
  if (bytes.length > 0) return false;
  try {
    bytes.subarray(0);
    return false;
  } catch {
    return true;
  }
}

/** The options of a method, for example `{ backlog: 5 }`. */
export function checkOptionsObject(method: string, example: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw invalidArgument(`${method}() takes options such as ${example}, not ${describe(options)}`);
}

/** A choice that is one or the other. */
export function checkFlag(method: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidArgument(`${method}(): ${name} must be true or false, not ${describe(value)}`);
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
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  const { constructor } = value as { readonly constructor?: unknown };
  return typeof constructor === 'function' ? `a ${constructor.name}` : 'an object';
}
