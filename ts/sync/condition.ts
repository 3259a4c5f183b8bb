// Condition: waiting, without its lock, until somebody who holds it says that something changed.
import { inspect } from 'node:util';

import { invalidArgument, NotOwnerError, outOfRange } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { handleOf, objectOf } from '../memory/handles.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { conditionLock, type ConditionLock } from './condition-lock.js';
import { ConditionWait } from './condition-wait.js';
import type { Guard } from './guard.js';
import type { Lock } from './lock.js';
import { checkAwait, checkWait } from './options.js';
import type { AbandonedOptions, AwaitOptions, WaitOptions } from './options.js';
import { RLock } from './rlock.js';

const { conditionBytes, depth, idMask, pending } = native.constants;
const ownerMask = idMask | pending;
const depthIndex = depth >> 2;

/** A place and the lock that goes with it, given to the constructor instead of a lock. */
class ConditionPlace extends Place {
  constructor(
    address: number,
    readonly lock: unknown,
  ) {
    super(address);
  }
}

/**
 * A condition variable that processes and threads share, with the lock that it belongs to.
 *
 * Whoever waits lets go of the lock, however often it has acquired that, and has it again when the
 * wait is over, in whatever way it ends. `notify` lets the waits go on that began first; one that
 * its waiter cannot use any more, because that has timed out, was aborted or killed, goes to the
 * next. As with every condition variable a wait may end though what was waited for is gone again:
 * look after each wait, or use {@link Condition.waitFor}. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Condition | Condition};
 * unlike there, `notify` does not wait until the woken have woken.
 *
 * @example
 * ```ts
 * const changed = new Condition();
 * // one process
 * await changed.runExclusive(() => { put(item); changed.notify(); });
 * // another
 * await changed.runExclusive(async () => { await changed.waitFor(() => hasItems()); take(); });
 * ```
 *
 * @public
 */
export class Condition {
  readonly #address: number;
  readonly #lock: ConditionLock;
  readonly #paths: FastPaths;
  readonly #array: Int32Array;
  readonly #index: number;

  /**
   * @param lock - the lock to use (default: an RLock of its own)
   * @throws TypeError when it is neither a Lock nor an RLock
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(lock: Lock | RLock = new RLock()) {
    const place: unknown = lock;
    if (place instanceof ConditionPlace) {
      this.#lock = conditionLock(place.lock);
      this.#address = place.address;
    } else {
      this.#lock = conditionLock(lock);
      const start = { kind: ObjectKind.condition, sizeBytes: conditionBytes };
      this.#address = createObject(this, start);
    }
    const memory = openMemory();
    this.#paths = memory.paths;
    ({ array: this.#array, index: this.#index } = memory.wordsAt(this.#address));
  }

  /**
   * The condition of a name, which processes share that have nothing else in common, with an RLock
   * of its own.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions = {}): Condition {
    return openNamed({ type: Condition, name, options, make: () => new Condition() });
  }

  /** As {@link Lock.acquire}, of the condition's lock. */
  acquire(options?: AwaitOptions): Promise<boolean> {
    return this.#lock.lock.acquire(options);
  }

  /** As {@link Lock.acquireSync}, of the condition's lock. */
  acquireSync(options?: WaitOptions): boolean {
    return this.#lock.lock.acquireSync(options);
  }

  /** As {@link Lock.tryAcquire}, of the condition's lock. */
  tryAcquire(): boolean {
    return this.#lock.lock.tryAcquire();
  }

  /** Releases the condition's lock; throws as that does. */
  release(): void {
    this.#lock.lock.release();
  }

  /** Whether somebody holds the condition's lock, in any process. */
  locked(): boolean {
    return this.#lock.lock.locked();
  }

  /** As {@link Lock.abandoned}, of the condition's lock; look at it after a wait too. */
  get abandoned(): boolean {
    return this.#lock.lock.abandoned;
  }

  /** As {@link Lock.guard}, of the condition's lock. */
  guard(options?: AwaitOptions & AbandonedOptions): Promise<Guard> {
    return this.#lock.lock.guard(options);
  }

  /** As {@link Lock.guardSync}, of the condition's lock. */
  guardSync(options?: WaitOptions & AbandonedOptions): Guard {
    return this.#lock.lock.guardSync(options);
  }

  /** As {@link Lock.runExclusive}, of the condition's lock. */
  runExclusive<T>(
    run: (held: Guard) => T | PromiseLike<T>,
    options?: AwaitOptions & AbandonedOptions,
  ): Promise<T> {
    return this.#lock.lock.runExclusive(run, options);
  }

  /** As {@link Lock.runExclusiveSync}, of the condition's lock. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions & AbandonedOptions): T {
    return this.#lock.lock.runExclusiveSync(run, options);
  }

  /**
   * Lets go of the lock, waits until notified, and has the lock again; without blocking the event
   * loop. A pending call keeps the process alive. The timeout and the signal end the waiting, not
   * the acquiring of the lock after it.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when notified, false when the timeout passed
   * @throws the signal's reason when it is aborted; the lock is held again
   * @throws NotOwnerError when the caller does not hold the lock
   */
  async wait(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('wait', options);
    if (this.#lock.holder() === undefined) throw notHeld('wait');
    wait.signal?.throwIfAborted();
    const waiting = new ConditionWait(this, this.#address, wait);
    const suspended = this.#lock.suspend();
    try {
      return await waiting.promise;
    } finally {
      await this.#lock.resume(suspended);
      waiting.leave();
    }
  }

  /**
   * As {@link Condition.wait}, blocking the thread; JavaScript signal handlers do not run meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when notified, false when the timeout passed
   * @throws NotOwnerError when the thread does not hold the lock by a blocking form
   */
  waitSync(options?: WaitOptions): boolean {
    const timeoutMs = checkWait('waitSync', options);
    if (this.#lock.holder() !== 'thread') throw notHeld('waitSync');
    const ticket = native.conditionEnter(this.#address);
    const suspended = this.#lock.suspend();
    const outcome = native.conditionBlock(this.#address, ticket, timeoutMs);
    // A thread that is terminated in one of these keeps its ticket, and what was granted to it: the
    // others pass that on when they see its death.
    const isNotified = hasAcquired(outcome, timeoutMs);
    this.#lock.resumeSync(suspended);
    if (!isNotified) return false;
    native.conditionLeave(this.#address, ticket);
    return true;
  }

  /**
   * Waits until `predicate` gives something true; it is called at once and after each notification,
   * with the lock held.
   *
   * @param predicate - what is waited for; may be async
   * @param options - `timeout` in ms for all of it, `signal`
   * @returns what `predicate` gave last: something false when the timeout passed
   * @throws what {@link Condition.wait} throws, and what `predicate` throws; the lock is held
   */
  async waitFor<T>(predicate: () => T | PromiseLike<T>, options?: AwaitOptions): Promise<T> {
    const { timeoutMs, signal } = checkAwait('waitFor', options);
    if (this.#lock.holder() === undefined) throw notHeld('waitFor');
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const result = await predicate();
      const leftMs = deadlineMs - performance.now();
      if (Boolean(result) || leftMs <= 0) return result;
      await this.wait({ timeout: leftMs, signal });
    }
  }

  /**
   * As {@link Condition.waitFor}, blocking the thread.
   *
   * @param predicate - what is waited for
   * @param options - `timeout` in ms for all of it
   * @returns what `predicate` gave last: something false when the timeout passed
   * @throws what {@link Condition.waitSync} throws, and what `predicate` throws; the lock is held
   */
  waitForSync<T>(predicate: () => T, options?: WaitOptions): T {
    const timeoutMs = checkWait('waitForSync', options);
    if (this.#lock.holder() !== 'thread') throw notHeld('waitForSync');
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const result = predicate();
      const leftMs = deadlineMs - performance.now();
      if (Boolean(result) || leftMs <= 0) return result;
      this.waitSync({ timeout: leftMs });
    }
  }

  /**
   * Lets the waits go on that began first, as soon as the lock is free. Does nothing when nobody
   * waits.
   *
   * @param count - how many, 0 … 2147483647 (default 1)
   * @throws NotOwnerError when the caller does not hold the lock
   * @throws RangeError when `count` is out of range
   */
  notify(count = 1): void {
    if (count === 1 && this.#isQuiet()) return;
    this.#notifySlow('notify', count);
  }

  /**
   * As {@link Condition.notify}, for all who wait.
   *
   * @throws NotOwnerError when the caller does not hold the lock
   */
  notifyAll(): void {
    if (this.#isQuiet()) return;
    this.#notifySlow('notifyAll', mostWaiters);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const waiters = String(native.conditionWaiting(this.#address));
    return `Condition { lock: ${inspect(this.#lock.lock)}, waiters: ${waiters} }`;
  }

  /**
   * Whether this thread holds the lock and nobody waits. Plain reads: only this thread makes itself
   * the lock's owner, and who waits has said so while it held the lock.
   */
  #isQuiet(): boolean {
    const { array, index, self } = this.#lock;
    const isHeld = (array[index]! & ownerMask) === self.id;
    // Neither the condition's WAITERS nor an RLock's AWAITED is set in a number that is not negative.
    return isHeld && (this.#array[this.#index]! | array[index + depthIndex]!) >= 0;
  }

  #notifySlow(method: string, count: unknown): void {
    if (typeof count !== 'number') {
      throw invalidArgument(`notify() takes a number of waiters, not a ${typeof count}`);
    }
    if (!Number.isInteger(count) || count < 0 || count > mostWaiters) {
      throw outOfRange(`notify() takes a whole number from 0 to ${mostWaiters}, not ${count}`);
    }
    if (this.#lock.holder() === undefined) throw notHeld(method);
    if (this.#paths.load(this.#address) < 0 && count > 0) {
      native.conditionNotify(this.#address, count);
    }
  }

  static {
    register({
      kind: ObjectKind.condition,
      type: Condition,
      addressOf: (condition) => (condition as Condition).#address,
      detailOf: (condition, holder) => ({
        lock: handleOf((condition as Condition).#lock.lock, holder),
      }),
      open: ({ address }, detail) => {
        const { lock } = (detail ?? {}) as { readonly lock?: unknown };
        return new Condition(new ConditionPlace(address, objectOf(lock)) as never);
      },
    });
  }
}

const mostWaiters = 2 ** 31 - 1;

function notHeld(method: string): NotOwnerError {
  return new NotOwnerError(
    method.endsWith('Sync')
      ? `${method}() of a Condition whose lock this thread does not hold by a blocking form`
      : `${method}() of a Condition whose lock the caller does not hold`,
  );
}
