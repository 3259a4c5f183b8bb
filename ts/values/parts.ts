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

/** Sets properties that neither loops nor `console.log` show. */
export function hide(object: object, hidden: Readonly<Record<symbol, unknown>>): void {
  for (const key of Object.getOwnPropertySymbols(hidden)) {
    Object.defineProperty(object, key, { value: hidden[key] });
  }
}

/** True for whatever Value, Array and their like make. */
export function hasParts(object: unknown): object is Parts {
  return typeof object === 'object' && object !== null && blockKey in object;
}

/** The block of an object that is still open. */
export function openBlock(object: Parts): Block {
  const block = object[blockKey];
  if (block.start.byteLength > 0 && block.buffer.byteLength === 0) {
    throw new ClosedError('this Array is closed');
  }
  return block;
}
