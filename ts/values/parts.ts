// What all objects over a block of data have in common: where the block is, and which lock guards
// it. Kept under symbols, so that a typed array can have them and nobody meets them by accident.
import { ClosedError } from '../errors.js';
import type { Block } from '../memory/block.js';
import type { Lock } from '../sync/lock.js';
import type { RLock } from '../sync/rlock.js';
import type { StructType } from './struct-types.js';

export const blockKey = Symbol('block');
export const lockKey = Symbol('lock');
export const structKey = Symbol('struct');

/** A lock that can guard data. */
export type DataLock = Lock | RLock;

/** An object over a block. */
export interface Parts {
  readonly [blockKey]: Block;
  readonly [lockKey]?: DataLock;
  /** The type of what the block holds, if that is structs. */
  readonly [structKey]?: StructType;
}

type Hidden = Partial<Record<typeof blockKey | typeof lockKey | typeof structKey, unknown>>;

/** Sets parts of an object; on a typed array so that `console.log` does not show them. */
export function setParts(object: object, parts: Hidden): void {
  if (!ArrayBuffer.isView(object)) {
    // Much faster than defining, and nobody shows these objects by their properties.
    Object.assign(object, parts);
    return;
  }
  for (const key of [blockKey, lockKey, structKey] as const) {
    if (key in parts) Object.defineProperty(object, key, { value: parts[key] });
  }
}

/** True for whatever Value, Array and their like make. */
export function hasParts(object: unknown): object is Parts {
  return typeof object === 'object' && object !== null && blockKey in object;
}

/** The block of an object that is still open. */
export function openBlock(object: Parts): Block {
  if (!isOpen(object)) throw new ClosedError('this Array is closed');
  return object[blockKey];
}

export function isOpen({ [blockKey]: { start, buffer } }: Parts): boolean {
  return start.byteLength === 0 || buffer.byteLength > 0;
}
