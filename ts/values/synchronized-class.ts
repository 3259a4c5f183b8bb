// Data with a lock: a class of data with the methods of the lock beside its own.
import type { Block } from '../memory/block.js';
import { Lock } from '../sync/lock.js';
import { RLock } from '../sync/rlock.js';
import { setParts, lockKey, openBlock, type DataLock, type Parts } from './parts.js';

/** As far as the lock has them. */
export const lockForms = [
  'acquire',
  'acquireSync',
  'tryAcquire',
  'release',
  'guard',
  'guardSync',
  'runExclusive',
  'runExclusiveSync',
] as const;

/**
 * The methods of a lock that data has as its own.
 *
 * @public
 */
export type LockForm = (typeof lockForms)[number];

/** A class of objects over a block. */
export type DataClass = new (block: Block) => Parts;

const made = new Map<typeof Lock | typeof RLock, WeakMap<DataClass, DataClass>>([
  [Lock, new WeakMap()],
  [RLock, new WeakMap()],
]);

/** The object over `block`, guarded by `lock` if one is given. */
export function openData(dataClass: DataClass, block: Block, lock?: DataLock): Parts {
  if (lock === undefined) return new dataClass(block);
  const object = new (synchronizedClassOf(dataClass, lock))(block);
  setParts(object, { [lockKey]: lock });
  return object;
}

function synchronizedClassOf(dataClass: DataClass, lock: DataLock): DataClass {
  const lockClass = lock instanceof RLock ? RLock : Lock;
  const variants = made.get(lockClass)!;
  let variant = variants.get(dataClass);
  if (variant === undefined) variants.set(dataClass, (variant = synchronize(dataClass, lockClass)));
  return variant;
}

interface Synchronized extends Parts {
  readonly [lockKey]: DataLock;
}

type Method = (...args: unknown[]) => unknown;

function synchronize(dataClass: DataClass, lockClass: typeof Lock | typeof RLock): DataClass {
  const variant = class extends dataClass {};
  Object.defineProperty(variant, 'name', { value: dataClass.name });
  const define = (name: string, method: (this: Synchronized, ...args: unknown[]) => unknown) => {
    Object.defineProperty(variant.prototype, name, { value: method, configurable: true });
  };
  define('getLock', function () {
    return this[lockKey];
  });
  define('getObj', function () {
    return new dataClass(openBlock(this));
  });
  for (const name of lockForms) {
    if (!(name in lockClass.prototype)) continue;
    define(name, function (...args) {
      return (this[lockKey] as unknown as Record<string, Method>)[name]!(...args);
    });
  }
  return variant;
}
