// The two sides of an RWLock; what their steps mean is in native/sync/rwlock.h.
import { inspect } from 'node:util';

import { NotOwnerError } from '../errors.js';
import { openMemory } from '../memory/memory.js';
import { selfAt, type Self } from '../memory/self.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { refuseDeadlock } from './deadlock.js';
import { guard, guardSync, runExclusive, runExclusiveSync, type Guard } from './guard.js';
import { checkAwait, checkWait } from './options.js';
import type { AbandonedOptions, AwaitOptions, WaitOptions } from './options.js';
import { WaitQueue } from './wait-queue.js';

const { abandoned, idMask, maximum, rwlockTorn } = native.constants;
const toRead = 0;
const toWrite = 1;

/** Where the lock of a side is. */
export let addressOfSide: (side: RWLockSide) => number;

/**
 * One side of an RWLock, with the methods of a {@link Lock}.
 *
 * @public
 */
export abstract class RWLockSide {
  /**
   * Of the lock.
   *
   * @internal
   */
  protected readonly address: number;
  /**
   * This thread's id.
   *
   * @internal
   */
  protected readonly self: Self;
  /**
   * The uncontended paths.
   *
   * @internal
   */
  protected readonly paths = openMemory().paths;
  /**
   * Who waits for this side in this thread.
   *
   * @internal
   */
  protected readonly queue: WaitQueue;

  /**
   * By the lock only.
   *
   * @internal
   */
  constructor(lock: object, address: number, detail: number) {
    this.address = address;
    this.self = selfAt(address);
    this.queue = new WaitQueue(lock, address, ObjectKind.rwlock, detail);
  }

  /**
   * Acquires this side without blocking the event loop; a pending call keeps the process alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when acquired, false when the timeout passed
   * @throws the signal's reason when it is aborted
   * @throws MultiprocessingError `ERR_MP_TOO_MANY_READERS` when more threads read than the lock was
   * made for
   */
  async acquire(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('acquire', options);
    return this.queue.acquire(wait, () => this.tryInOrder());
  }

  /**
   * Acquires this side, blocking the thread; JavaScript signal handlers do not run meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when acquired, false when the timeout passed
   * @throws MultiprocessingError `ERR_MP_DEADLOCK` when this thread itself keeps the lock from it and
   * no timeout would end the wait; `ERR_MP_TOO_MANY_READERS` as {@link RWLockSide.acquire}
   */
  abstract acquireSync(options?: WaitOptions): boolean;

  /** Acquires this side if that needs no waiting; true when it did. */
  abstract tryAcquire(): boolean;

  /**
   * Releases one hold of this thread.
   *
   * @throws NotOwnerError when this thread has none
   */
  abstract release(): void;

  /** Whether somebody holds this side, in any process; a waiting writer counts. */
  abstract locked(): boolean;

  /** As {@link RWLock.abandoned}. */
  get abandoned(): boolean {
    const isTorn = this.paths.load(this.address + rwlockTorn) !== 0;
    return isTorn || (this.paths.load(this.address) & abandoned) !== 0;
  }

  /**
   * Acquires this side as a value: `await using held = await lock.reader.guard()`.
   *
   * @throws TimeoutError when the timeout passed
   * @throws OwnerDiedError with `onAbandoned: 'throw'`; released again
   */
  guard(options?: AwaitOptions & AbandonedOptions): Promise<Guard> {
    return guard(this, options);
  }

  /** As {@link RWLockSide.guard}, blocking: `using held = lock.reader.guardSync()`. */
  guardSync(options?: WaitOptions & AbandonedOptions): Guard {
    return guardSync(this, options);
  }

  /** Runs `run`, which may be async, while holding this side; throws as {@link RWLockSide.guard}. */
  runExclusive<T>(
    run: (held: Guard) => T | PromiseLike<T>,
    options?: AwaitOptions & AbandonedOptions,
  ): Promise<T> {
    return runExclusive(this, run, options);
  }

  /** Runs `run` while holding this side, blocking for it; throws as {@link RWLockSide.guard}. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions & AbandonedOptions): T {
    return runExclusiveSync(this, run, options);
  }

  /**
   * What messages call it.
   *
   * @internal
   */
  abstract readonly title: string;

  /**
   * Tries without passing others that wait.
   *
   * @internal
   */
  protected abstract tryInOrder(): boolean;

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return `${this.title} { locked: ${String(this.locked())}, abandoned: ${String(this.abandoned)} }`;
  }

  static {
    addressOfSide = (side) => side.address;
  }
}

/** The side of those who read. */
export class ReadSide extends RWLockSide {
  readonly title = 'reader of an RWLock';
  /**
   * This thread's cell. At 0, before there is one, is the segment's own memory, which the fast paths
   * do not take for it; nor a forked child that of its parent, which has another id.
   */
  #cell = 0;

  constructor(lock: object, address: number) {
    super(lock, address, toRead);
  }

  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#tryFast()) return true;
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.rwlockReadTry(this.address)
        : native.rwlockReadAcquire(this.address, timeoutMs);
    if (outcome === Outcome.deadlock) refuseDeadlock('writes');
    return hasAcquired(outcome, timeoutMs);
  }

  tryAcquire(): boolean {
    return this.#tryFast() || native.rwlockReadTry(this.address) === Outcome.acquired;
  }

  release(): void {
    const result = this.paths.rwlockReadRelease(this.#cell, this.address, this.self.id);
    if (result !== 0) this.#releaseSlow(result);
  }

  #releaseSlow(result: number): void {
    const { address } = this;
    if (result === 1) native.rwlockNudge(address);
    else if (native.rwlockReadRelease(address) !== Outcome.released) {
      throw new NotOwnerError(
        'release() of the reader of an RWLock by a thread that does not read',
      );
    }
  }

  locked(): boolean {
    return native.rwlockReaders(this.address) > 0;
  }

  protected tryInOrder(): boolean {
    if (this.paths.load(this.address) === 0) return this.tryAcquire();
    // Somebody writes, waits to, or died: this thread's reads must not let further ones pass. The
    // fast path may not know the cell yet in which they are counted.
    const reads = this.paths.load(native.rwlockCell(this.address)) !== 0;
    return !reads && this.tryAcquire();
  }

  #tryFast(): boolean {
    const result = this.paths.rwlockReadTry(this.#cell, this.address, this.self.id);
    return result === 0 || this.#tryAgain(result);
  }

  #tryAgain(first: number): boolean {
    let result = first;
    if (result === 1) {
      this.#cell = native.rwlockCell(this.address);
      result = this.paths.rwlockReadTry(this.#cell, this.address, this.self.id);
    }
    if (result === 2) native.rwlockNudge(this.address);
    return result === 0;
  }
}

/** The side of those who write. */
export class WriteSide extends RWLockSide {
  readonly title = 'writer of an RWLock';
  readonly #cells: number;

  constructor(lock: object, address: number) {
    super(lock, address, toWrite);
    this.#cells = this.paths.load(address + maximum);
  }

  acquireSync(options?: WaitOptions): boolean {
    const result = options === undefined ? this.#tryFast() : 1;
    if (result === 0) return true;
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.rwlockWriteTry(this.address, false)
        : native.rwlockWriteAcquire(this.address, result === 2, timeoutMs);
    if (outcome === Outcome.deadlock) refuseDeadlock('reads, or writes, already');
    return hasAcquired(outcome, timeoutMs);
  }

  tryAcquire(): boolean {
    const result = this.#tryFast();
    return result === 0 || native.rwlockWriteTry(this.address, result === 2) === Outcome.acquired;
  }

  release(): void {
    if (this.paths.rwlockWriteRelease(this.address, this.self.id) === 0) return;
    if (native.rwlockWriteRelease(this.address) !== Outcome.released) {
      throw new NotOwnerError(
        'release() of the writer of an RWLock by a thread that does not write',
      );
    }
    this.queue.poke();
  }

  locked(): boolean {
    return (this.paths.load(this.address) & idMask) !== 0;
  }

  protected tryInOrder(): boolean {
    return this.tryAcquire();
  }

  #tryFast(): number {
    return this.paths.rwlockWriteTry(this.address, this.self.id, this.#cells);
  }
}
