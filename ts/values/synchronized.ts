// Which lock guards a Value or an Array, and what that adds to it.
import { invalidArgument } from '../errors.js';
import { Lock } from '../sync/lock.js';
import { RLock } from '../sync/rlock.js';
import { hasParts, lockKey, openBlock, type DataLock } from './parts.js';
import { openData, type DataClass, type LockForm } from './synchronized-class.js';
import { shown } from './scalars.js';

/**
 * Options of a new Value or Array.
 *
 * @public
 */
export interface DataOptions<L extends Lock | RLock | boolean = Lock | RLock | boolean> {
  /**
   * True (default): guarded by an RLock of its own. A lock: guarded by that one. False: without a
   * lock and without the methods of one, as `RawValue` and `RawArray`.
   */
  readonly lock?: L | null | undefined;
}

/**
 * What data with a lock has besides: the methods of its lock, as its own.
 *
 * @public
 */
export type Synchronized<Raw, L extends Lock | RLock = RLock> = Pick<
  L,
  Extract<keyof L, LockForm>
> & {
  /** The lock. */
  getLock(): L;
  /** The same memory without the lock's methods. */
  getObj(): Raw;
};

/** The lock that the options ask for; undefined for none. */
export function lockOf(options: DataOptions | undefined): DataLock | undefined {
  if (options !== undefined && (typeof options !== 'object' || (options as unknown) === null)) {
    throw invalidArgument(`options are an object such as { lock }, not ${shown(options)}`);
  }
  if (options instanceof Lock || options instanceof RLock) {
    throw invalidArgument('a lock is given as an option: { lock }');
  }
  const lock: unknown = options?.lock ?? true;
  if (lock === true) return new RLock();
  if (lock === false) return undefined;
  return checkLock(lock);
}

function checkLock(lock: unknown): DataLock {
  if (lock instanceof Lock || lock instanceof RLock) return lock;
  throw invalidArgument(`lock must be a Lock, an RLock, true or false, not ${shown(lock)}`);
}

/**
 * Data with a lock, over the same memory as `data`.
 *
 * @param data - what RawValue or RawArray made, or Value or Array with `lock: false`
 * @param lock - the lock to guard it with (default: a new RLock)
 * @throws TypeError when `data` has a lock already, or is something else
 *
 * Source: CPython's {@link
 * https://docs.python.org/3/library/multiprocessing.html#multiprocessing.sharedctypes.synchronized |
 * synchronized}.
 *
 * @public
 */
export function synchronized<Raw extends object, L extends Lock | RLock = RLock>(
  data: Raw,
  lock?: L | null,
): Raw & Synchronized<Raw, L> {
  if (!hasParts(data)) {
    throw invalidArgument(`synchronized() takes a RawValue or a RawArray, not ${shown(data)}`);
  }
  if (data[lockKey] !== undefined) throw invalidArgument('this object has a lock already');
  const guarding = checkLock(lock ?? new RLock());
  const opened: unknown = openData(data.constructor as DataClass, openBlock(data), guarding);
  return opened as Raw & Synchronized<Raw, L>;
}
