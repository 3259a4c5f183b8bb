// Binary data in messages: typed arrays, DataViews and ArrayBuffers, by the tags of their classes.
import { largeBuffer, smallBuffer, unfilled } from './slabs.js';
import { arrayClasses, arrayTags, Tag } from './tags.js';
import { malformed } from './tree-format.js';

/** The tag of a view whose bytes are all there is to it; undefined for others, such as shared ones. */
export function tagOfView(view: ArrayBufferView): number | undefined {
  if (!isPlainBuffer(view.buffer)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(view);
  return prototype === DataView.prototype ? Tag.dataView : arrayTags.get(prototype);
}

/** Whether it is a buffer with nothing special about it: not shared, and of one size. */
export function isPlainBuffer(value: object): value is ArrayBuffer {
  return (
    value instanceof ArrayBuffer &&
    Object.getPrototypeOf(value) === ArrayBuffer.prototype &&
    (value as { resizable?: boolean }).resizable !== true
  );
}

/** The bytes that a view shows. */
export function viewedBytes(view: ArrayBufferView): Uint8Array {
  if (view instanceof Uint8Array) return view;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Up to so many bytes, several Buffers share their memory, as those of Buffer.from do. */
const pooledBytes = 4096;
/** Up to so many bytes, copying one by one is quicker than a call. */
const fewBytes = 32;

/** A copy of the data of a message, as what its tag says. */
export function readBinary(from: Buffer, start: number, bytes: number, tag: number): unknown {
  if (tag === Tag.firstArray) {
    const isPooled = bytes < pooledBytes && bytes < Buffer.poolSize >>> 1;
    const copy = isPooled ? smallBuffer(bytes) : largeBuffer(bytes);
    copyOut(from, start, copy);
    return copy;
  }
  const copy = new Uint8Array(unfilled(bytes));
  copyOut(from, start, copy);
  if (tag === Tag.arrayBuffer) return copy.buffer;
  if (tag === Tag.dataView) return new DataView(copy.buffer);
  const type = arrayClasses[tag - Tag.firstArray];
  if (type === undefined) throw malformed();
  try {
    return new type(copy.buffer);
  } catch {
    // No whole number of elements.
    throw malformed();
  }
}

/** Fills `to`. */
export function copyOut(from: Buffer, start: number, to: Uint8Array): void {
  const { length } = to;
  if (length > fewBytes) from.copy(to, 0, start, start + length);
  else for (let i = 0; i < length; i++) to[i] = from[start + i]!;
}
