// RLock: the lock that its owner may acquire again.
import { inspect } from 'node:util';

import { NotOwnerError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { register } from '../memory/registry.js';
import { selfAt, type Self } from '../memory/self.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { guardSync, runExclusiveSync, type Guard } from './guard.js';
import { lockFlags, type LockOptions } from './lock.js';
import { checkWait } from './options.js';
import type { AbandonedOptions, WaitOptions } from './options.js';

const { abandoned, idMask } = native.constants;

/**
 * A recursive lock that processes and threads share: the thread that holds it may acquire it again
 * and must release it as often. Only the owner may release.
 *
 * Survives its owner as {@link Lock} does. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.RLock | RLock}.
 *
 * @example
 * ```ts
 * const lock = new RLock();
 * function total(): number { using held = lock.guardSync(); return sum(); }
 * lock.runExclusiveSync(() => total());
 * ```
 *
 * @public
 */
export class RLock {
  readonly #address: number;
  readonly #self: Self;
  readonly #paths: FastPaths;

  /**
   * @param options - see {@link LockOptions}
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(options: LockOptions = {}) {
    this.#address =
      options instanceof Place
        ? options.address
        : createObject(this, { kind: ObjectKind.rlock, flags: lockFlags(options) });
    this.#self = selfAt(this.#address);
    this.#paths = openMemory().paths;
  }

  /**
   * Acquires the lock for this thread, blocking it; JavaScript signal handlers do not run
   * meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when acquired, false when the timeout passed
   */
  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#paths.rlockTryAcquire(this.#address, this.#self.id) === 0) {
      return true;
    }
    return this.#acquireSlow(options);
  }

  /** Acquires the lock for this thread if that needs no waiting; true when it did. */
  tryAcquire(): boolean {
    if (this.#paths.rlockTryAcquire(this.#address, this.#self.id) === 0) return true;
    return native.rlockTryAcquire(this.#address) === Outcome.acquired;
  }

  /**
   * Releases one acquisition of this thread.
   *
   * @throws NotOwnerError when this thread does not hold the lock
   */
  release(): void {
    if (this.#paths.rlockRelease(this.#address, this.#self.id) !== 0) this.#releaseSlow();
  }

  /** Whether some thread holds the lock, in any process. */
  locked(): boolean {
    return (this.#paths.load(this.#address) & idMask) !== 0;
  }

  /** As {@link Lock.abandoned}; stays true until the last of nested releases. */
  get abandoned(): boolean {
    return (this.#paths.load(this.#address) & abandoned) !== 0;
  }

  /**
   * Acquires the lock as a value, blocking: `using held = lock.guardSync()`.
   *
   * @throws TimeoutError when the timeout passed
   * @throws OwnerDiedError with `onAbandoned: 'throw'`; the lock is released again
   */
  guardSync(options?: WaitOptions & AbandonedOptions): Guard {
    return guardSync(this, options);
  }

  /** Runs `run` while holding the lock, blocking for it; throws as {@link RLock.guardSync}. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions & AbandonedOptions): T {
    return runExclusiveSync(this, run, options);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return `RLock { locked: ${String(this.locked())}, abandoned: ${String(this.abandoned)} }`;
  }

  #acquireSlow(options: WaitOptions | undefined): boolean {
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.rlockTryAcquire(this.#address)
        : native.rlockAcquire(this.#address, timeoutMs);
    return outcome === Outcome.acquired;
  }

  #releaseSlow(): void {
    if (native.rlockRelease(this.#address) === Outcome.notOwner) {
      throw new NotOwnerError('release() of an RLock by a thread that does not hold it');
    }
  }

  static {
    register({
      kind: ObjectKind.rlock,
      type: RLock,
      addressOf: (lock) => (lock as RLock).#address,
    });
  }
}
