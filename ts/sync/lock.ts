// Lock: mutual exclusion between processes, and between threads.
import { inspect } from 'node:util';

import { invalidArgument, MultiprocessingError, OverReleaseError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { selfAt, type Self } from '../memory/self.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { guard, guardSync, runExclusive, runExclusiveSync, type Guard } from './guard.js';
import { checkAwait, checkWait } from './options.js';
import type { AbandonedOptions, AwaitOptions, WaitOptions } from './options.js';
import { ownerText } from './owner.js';
import { WaitQueue } from './wait-queue.js';

const { abandoned, idMask, robust } = native.constants;

/**
 * Options of a new lock.
 *
 * @public
 */
export interface LockOptions {
  /**
   * Whether the lock survives its owner (default true): when the owner ends, killed or normally,
   * the next one gets the lock, and `abandoned` is true. With false the lock stays held, as in
   * CPython, until somebody releases it; a lock that one process acquires and another releases
   * after the first has ended needs that.
   */
  readonly robust?: boolean;
}

/** The flags of a new lock in shared memory. */
export function lockFlags(options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('a lock takes options such as { robust: false }');
  }
  const { robust: wanted } = options as LockOptions;
  if (wanted !== undefined && typeof wanted !== 'boolean') {
    throw invalidArgument('robust must be true or false');
  }
  return wanted === false ? 0 : robust;
}

/**
 * A lock that processes and threads share. Not recursive, not owned: anybody may release it.
 *
 * Uncontended acquire and release cost about as much as C's pthread mutex. A waiter that others
 * keep overtaking is handed the lock after a bounded time. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Lock | Lock};
 * unlike it, this one survives its owner.
 *
 * @example
 * ```ts
 * const lock = new Lock();
 * lock.runExclusiveSync(() => counter.value++);
 * await lock.runExclusive(async () => { await save(); });
 * ```
 *
 * @public
 */
export class Lock {
  readonly #address: number;
  readonly #self: Self;
  readonly #paths: FastPaths;
  #queue: WaitQueue | undefined;

  /**
   * @param options - see {@link LockOptions}
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(options: LockOptions = {}) {
    this.#address =
      options instanceof Place
        ? options.address
        : createObject(this, { kind: ObjectKind.lock, flags: lockFlags(options) });
    this.#self = selfAt(this.#address);
    this.#paths = openMemory().paths;
  }

  /**
   * The lock of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; and, for a new one, see {@link LockOptions}
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions & LockOptions = {}): Lock {
    return openNamed({ type: Lock, name, options, make: () => new Lock(options) });
  }

  /**
   * Acquires the lock without blocking the event loop; a pending call keeps the process alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when acquired, false when the timeout passed
   * @throws the signal's reason when it is aborted
   */
  async acquire(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('acquire', options);
    this.#queue ??= new WaitQueue(this, this.#address, ObjectKind.lock);
    return this.#queue.acquire(wait, () => this.tryAcquire());
  }

  /**
   * Acquires the lock, blocking the thread; JavaScript signal handlers do not run meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when acquired, false when the timeout passed
   * @throws MultiprocessingError `ERR_MP_DEADLOCK` when this thread holds the lock already and no
   * timeout would end the wait
   */
  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#paths.lockTryAcquire(this.#address, this.#self.id) === 0) {
      return true;
    }
    return this.#acquireSlow(options);
  }

  /** Acquires the lock if that needs no waiting; true when it did. */
  tryAcquire(): boolean {
    if (this.#paths.lockTryAcquire(this.#address, this.#self.id) === 0) return true;
    return native.lockTryAcquire(this.#address) === Outcome.acquired;
  }

  /**
   * Releases the lock, whoever holds it.
   *
   * @throws OverReleaseError when nobody holds it
   */
  release(): void {
    const self = this.#self.id;
    if (this.#paths.lockRelease(this.#address, self) !== self) this.#releaseSlow();
  }

  /** Whether somebody holds the lock, in any process. */
  locked(): boolean {
    return (this.#paths.load(this.#address) & idMask) !== 0;
  }

  /**
   * True while the lock is held by somebody who got it because its owner ended holding it, until
   * `release()`: what the lock protects may be half-changed.
   */
  get abandoned(): boolean {
    return (this.#paths.load(this.#address) & abandoned) !== 0;
  }

  /**
   * Acquires the lock as a value: `await using held = await lock.guard()`.
   *
   * @throws TimeoutError when the timeout passed
   * @throws OwnerDiedError with `onAbandoned: 'throw'`; the lock is released again
   */
  guard(options?: AwaitOptions & AbandonedOptions): Promise<Guard> {
    return guard(this, options);
  }

  /** As {@link Lock.guard}, blocking: `using held = lock.guardSync()`. */
  guardSync(options?: WaitOptions & AbandonedOptions): Guard {
    return guardSync(this, options);
  }

  /** Runs `run`, which may be async, while holding the lock; throws as {@link Lock.guard}. */
  runExclusive<T>(
    run: (held: Guard) => T | PromiseLike<T>,
    options?: AwaitOptions & AbandonedOptions,
  ): Promise<T> {
    return runExclusive(this, run, options);
  }

  /** Runs `run` while holding the lock, blocking for it; throws as {@link Lock.guard}. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions & AbandonedOptions): T {
    return runExclusiveSync(this, run, options);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const owner = ownerText(this.#address, ObjectKind.lock);
    return `Lock { locked: ${String(this.locked())}, ${owner}abandoned: ${String(this.abandoned)} }`;
  }

  #acquireSlow(options: WaitOptions | undefined): boolean {
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.lockTryAcquire(this.#address)
        : native.lockAcquire(this.#address, timeoutMs);
    if (outcome === Outcome.deadlock) {
      throw new MultiprocessingError(
        'acquireSync() would wait for ever: this thread holds the lock already. ' +
          'Release it first, pass a timeout, or use an RLock',
        { code: 'ERR_MP_DEADLOCK' },
      );
    }
    return hasAcquired(outcome, timeoutMs);
  }

  #releaseSlow(): void {
    if (native.lockRelease(this.#address) === Outcome.notHeld) {
      throw new OverReleaseError('release() of a lock that nobody holds');
    }
    this.#queue?.poke();
  }

  static {
    register({
      kind: ObjectKind.lock,
      type: Lock,
      addressOf: (lock) => (lock as Lock).#address,
    });
  }
}
