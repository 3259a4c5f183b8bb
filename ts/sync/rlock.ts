// RLock: the lock that its owner may acquire again.
import { inspect } from 'node:util';

import { MultiprocessingError, NotOwnerError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { selfAt, type Self } from '../memory/self.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { guard, guardSync, runExclusiveSync, type AsyncGuarded, type Guard } from './guard.js';
import { lockFlags, type LockOptions } from './lock.js';
import { checkAwait, checkWait } from './options.js';
import type { AbandonedOptions, AwaitOptions, WaitOptions } from './options.js';
import { ownerText } from './owner.js';
import { Owner, RLockOwners } from './rlock-owners.js';

const { abandoned, depth, idMask, pending } = native.constants;
const ownerMask = idMask | pending;
const depthIndex = depth >> 2;

/** What a holder of an RLock has given up for a while. */
export interface Suspended {
  /** Undefined for the thread: it had acquired the lock by the blocking forms. */
  readonly owner: Owner | undefined;
  readonly depth: number;
}

/**
 * Releases an RLock wholly, however deep, so that others can have it: for the wait of a condition.
 * Throws NotOwnerError when whoever calls does not hold it.
 */
export let suspend: (lock: RLock) => Suspended;

/**
 * Whether whoever calls holds the RLock: `'thread'` by the blocking forms, `'callback'` by the awaited
 * ones, as `release()` would find.
 */
export let holderOf: (lock: RLock) => 'thread' | 'callback' | undefined;

/** Acquires again what was given up, as deep as it was, without blocking the thread. */
export let resume: (lock: RLock, suspended: Suspended) => Promise<void>;

/** The same, blocking, for what the thread had given up. */
export let resumeSync: (lock: RLock, suspended: Suspended) => void;

/**
 * A recursive lock that processes and threads share: its owner may acquire it again and must release
 * it as often. Only the owner may release.
 *
 * Who that is: for the blocking forms (`acquireSync`, `tryAcquire`, `guardSync`,
 * `runExclusiveSync`) the thread. For the awaited forms the innermost `runExclusive` callback:
 * `acquire`, `guard` and `runExclusive` in it, or in what it calls, re-enter. In no such callback
 * each call is a new owner, which excludes everybody, its own caller too. So two async functions of
 * one thread exclude each other, and both exclude the blocking forms of that thread.
 *
 * Survives its owner as {@link Lock} does. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.RLock | RLock},
 * which has the blocking forms.
 *
 * @example
 * ```ts
 * const lock = new RLock();
 * function total(): number { using held = lock.guardSync(); return sum(); }
 * lock.runExclusiveSync(() => total());
 * const update = () => lock.runExclusive(async () => { await save(); });
 * await Promise.all([update(), update()]); // one after the other
 * ```
 *
 * @public
 */
export class RLock {
  readonly #address: number;
  readonly #self: Self;
  readonly #paths: FastPaths;
  readonly #array: Int32Array;
  readonly #index: number;
  #awaited: RLockOwners | undefined;

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
    const memory = openMemory();
    this.#paths = memory.paths;
    ({ array: this.#array, index: this.#index } = memory.wordsAt(this.#address));
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
  static open(name: string, options: NameOptions & LockOptions = {}): RLock {
    return openNamed({ type: RLock, name, options, make: () => new RLock(options) });
  }

  /**
   * Acquires the lock without blocking the event loop; a pending call keeps the process alive. Once
   * more at once, if the `runExclusive` callback that calls it holds the lock.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when acquired, false when the timeout passed
   * @throws the signal's reason when it is aborted
   */
  async acquire(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('acquire', options);
    const owners = this.#owners;
    return owners.acquire(owners.current() ?? new Owner('call'), wait);
  }

  /**
   * Acquires the lock for this thread, blocking it; JavaScript signal handlers do not run
   * meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when acquired, false when the timeout passed
   * @throws MultiprocessingError `ERR_MP_DEADLOCK` when an awaited form of this thread holds the
   * lock and no timeout would end the wait: what is to release it cannot run meanwhile
   */
  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#tryFast()) return true;
    return this.#acquireSlow(options);
  }

  /**
   * Acquires the lock if that needs no waiting; true when it did. For this thread; or once more for
   * the `runExclusive` callback that calls it, if that holds the lock.
   */
  tryAcquire(): boolean {
    if (this.#tryFast()) return true;
    if (native.rlockTryAcquire(this.#address) === Outcome.acquired) return true;
    return this.#owners.tryAgain();
  }

  /**
   * Releases one acquisition: of this thread, of the `runExclusive` callback that calls it, or, in
   * no callback, the one that `acquire()` made in no callback.
   *
   * @throws NotOwnerError when somebody else, or nobody, holds the lock
   */
  release(): void {
    if (!this.#releaseFast()) this.#releaseSlow();
  }

  /** Whether somebody holds the lock, in any process. */
  locked(): boolean {
    return (this.#paths.load(this.#address) & idMask) !== 0;
  }

  /** As {@link Lock.abandoned}; stays true until the last of nested releases. */
  get abandoned(): boolean {
    return (this.#paths.load(this.#address) & abandoned) !== 0;
  }

  /**
   * Acquires the lock as a value: `await using held = await lock.guard()`. For the owner that
   * {@link RLock.acquire} acquires for; the guard releases that owner's acquisition, wherever it is
   * released.
   *
   * @throws TimeoutError when the timeout passed
   * @throws OwnerDiedError with `onAbandoned: 'throw'`; the lock is released again
   */
  async guard(options?: AwaitOptions & AbandonedOptions): Promise<Guard> {
    const owners = this.#owners;
    return guard(this.#guarded(owners.current() ?? new Owner('call')), options);
  }

  /** As {@link RLock.guard}, blocking, for this thread: `using held = lock.guardSync()`. */
  guardSync(options?: WaitOptions & AbandonedOptions): Guard {
    return guardSync(this, options);
  }

  /**
   * Runs `run`, which may be async, while holding the lock: as a new owner, or as the callback that
   * calls it. Throws as {@link RLock.guard}.
   */
  async runExclusive<T>(
    run: (held: Guard) => T | PromiseLike<T>,
    options?: AwaitOptions & AbandonedOptions,
  ): Promise<T> {
    const owners = this.#owners;
    const running = owners.current();
    const owner = running ?? new Owner('callback');
    const held = await guard(this.#guarded(owner), options);
    try {
      return await (running ? run(held) : owners.runAs(owner, () => run(held)));
    } finally {
      held.release();
    }
  }

  /** Runs `run` while holding the lock, blocking for it; throws as {@link RLock.guard}. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions & AbandonedOptions): T {
    return runExclusiveSync(this, run, options);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const owner = ownerText(this.#address, ObjectKind.rlock);
    const held = this.#array[this.#index + depthIndex]!;
    // How often an awaited owner has it only its thread knows; its number here is negative.
    const count = owner === '' || held < 1 ? '' : `count: ${String(held)}, `;
    return `RLock { locked: ${String(this.locked())}, ${owner}${count}abandoned: ${String(this.abandoned)} }`;
  }

  get #owners(): RLockOwners {
    return (this.#awaited ??= RLockOwners.of(this, this.#address));
  }

  /** The lock as one owner sees it. */
  #guarded(owner: Owner): AsyncGuarded {
    const owners = this.#owners;
    const isAbandoned = () => this.abandoned;
    return {
      title: 'RLock',
      get abandoned() {
        return isAbandoned();
      },
      acquire: async (options) => owners.acquire(owner, checkAwait('acquire', options)),
      release: () => {
        owners.release(owner);
      },
    };
  }

  /**
   * First, or once more. Plain reads: only this thread makes itself the owner, and only the owner
   * counts; that nobody is, the compare-and-swap says.
   */
  #tryFast(): boolean {
    const at = this.#index;
    const { id } = this.#self;
    const word = this.#array[at]!;
    if (word === 0) {
      if (this.#paths.lockTryAcquire(this.#address, id) !== 0) return false;
      this.#array[at + depthIndex] = 1;
      return true;
    }
    const held = this.#array[at + depthIndex]!;
    // AWAITED is the sign.
    if ((word & ownerMask) !== id || held < 0) return false;
    this.#array[at + depthIndex] = held + 1;
    return true;
  }

  /** Wholly, or once less; false when this thread does not hold it, or somebody waits. */
  #releaseFast(): boolean {
    const at = this.#index;
    const { id } = this.#self;
    const held = this.#array[at + depthIndex]!;
    if ((this.#array[at]! & ownerMask) !== id || held < 1) return false;
    if (held === 1) return this.#paths.lockRelease(this.#address, id) === id;
    this.#array[at + depthIndex] = held - 1;
    return true;
  }

  #acquireSlow(options: WaitOptions | undefined): boolean {
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.rlockTryAcquire(this.#address)
        : native.rlockAcquire(this.#address, timeoutMs);
    if (outcome === Outcome.deadlock) {
      throw new MultiprocessingError(
        'acquireSync() would wait for ever: an awaited acquire() or runExclusive() of this ' +
          'thread holds the RLock. Await it here too, or pass a timeout',
        { code: 'ERR_MP_DEADLOCK' },
      );
    }
    return hasAcquired(outcome, timeoutMs);
  }

  #releaseSlow(): void {
    if (native.rlockRelease(this.#address) === Outcome.released) {
      this.#awaited?.poke();
      return;
    }
    const owners = this.#owners;
    owners.release(owners.releaser());
  }

  #holder(): 'thread' | 'callback' | undefined {
    const owner = this.#paths.load(this.#address) & (idMask | pending);
    if (owner !== this.#self.id) return undefined;
    // AWAITED is the highest bit.
    if (this.#paths.load(this.#address + depth) >= 0) return 'thread';
    return this.#owners.isHeldHere() ? 'callback' : undefined;
  }

  #suspend(): Suspended {
    const depth = native.rlockReleaseAll(this.#address);
    if (depth > 0) {
      this.#awaited?.poke();
      return { owner: undefined, depth };
    }
    const suspended = this.#owners.suspend();
    if (suspended !== undefined) return suspended;
    throw new NotOwnerError('an RLock is to be released by one who does not hold it');
  }

  static {
    register({
      kind: ObjectKind.rlock,
      type: RLock,
      addressOf: (lock) => (lock as RLock).#address,
    });
    holderOf = (lock) => lock.#holder();
    suspend = (lock) => lock.#suspend();
    resume = (lock, { owner, depth }) =>
      owner === undefined ? lock.#owners.resumeThread(depth) : lock.#owners.resume(owner, depth);
    resumeSync = (lock, { depth }) => {
      hasAcquired(native.rlockAcquireAll(lock.#address, depth), Infinity);
    };
  }
}
