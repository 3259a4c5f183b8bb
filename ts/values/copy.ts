// copy(): what a Value or an Array holds, in memory of its own.
import { invalidArgument } from '../errors.js';
import { createBlock, type Block } from '../memory/block.js';
import { Lock } from '../sync/lock.js';
import { RLock } from '../sync/rlock.js';
import { hasParts, lockKey, openBlock } from './parts.js';
import { shown } from './scalars.js';
import { openData, type DataClass } from './synchronized-class.js';

/**
 * An independent copy in shared memory. A copy of data with a lock has a new lock of the same
 * class. The copying itself takes no lock: take it yourself where others write meanwhile.
 *
 * @param data - what Value, Array, RawValue or RawArray made
 * @throws TypeError when it is something else
 * @throws ClosedError when it is a closed Array
 *
 * Source: CPython's {@link
 * https://docs.python.org/3/library/multiprocessing.html#multiprocessing.sharedctypes.copy | copy}.
 *
 * @public
 */
export function copy<T extends object>(data: T): T {
  if (!hasParts(data))
    throw invalidArgument(`copy() takes a Value or an Array, not ${shown(data)}`);
  const block = openBlock(data);
  const target = createBlock(block.start);
  bytesOf(target).set(bytesOf(block));
  const lock = data[lockKey];
  if (lock === undefined) return openData(data.constructor as DataClass, target) as unknown as T;
  const rawClass = Object.getPrototypeOf(data.constructor) as DataClass;
  return openData(
    rawClass,
    target,
    lock instanceof RLock ? new RLock() : new Lock(),
  ) as unknown as T;
}

function bytesOf({ buffer, byteOffset, start }: Block): Uint8Array {
  return new Uint8Array(buffer, byteOffset, start.byteLength);
}
