// Who holds an RLock by its awaited forms: within one thread, parts of a program that exclude each
// other. Between threads all of them are one owner (native/sync/lock.h, RLock).
//
// An owner is what a runExclusive() callback is: everything that the callback awaits, or starts, is
// it too, for AsyncLocalStorage carries it there. acquire() and guard() elsewhere make an owner of
// their own each.
//
//   HOLDER                | acquire() by a callback's  | acquire() elsewhere | release() by
//   ----------------------+----------------------------+---------------------+--------------------
//   nobody                | its owner holds, depth 1   | a new owner holds   | NotOwnerError
//   that callback's owner | depth + 1                  | waits               | that callback: depth - 1
//   another callback's    | waits                      | waits               | NotOwnerError here
//   an acquire()          | waits                      | waits               | whoever is in no callback
//   the thread (blocking) | waits                      | waits               | the thread
//
// A callback that has given up its hold is over as an owner: what it starts later is elsewhere.
import { AsyncLocalStorage } from 'node:async_hooks';

import { NotOwnerError } from '../errors.js';
import { onForked } from '../memory/forked.js';
import { openMemory } from '../memory/memory.js';
import { selfAt, type Self } from '../memory/self.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import type { CheckedWait } from './options.js';
import { WaitQueue } from './wait-queue.js';

/** One holder of one RLock, now or soon. */
export class Owner {
  depth = 0;
  /** It has let others have the lock and will go on with it. */
  isSuspended = false;
  /** It held the lock and does not any more. */
  isOver = false;
  readonly isCallback: boolean;

  constructor(kind: 'callback' | 'call') {
    this.isCallback = kind === 'callback';
  }
}

/** A callback that runs as an owner, inside others for other locks. */
interface Scope {
  readonly owners: RLockOwners;
  readonly owner: Owner;
  readonly outer: Scope | undefined;
}

const scopes = new AsyncLocalStorage<Scope>();

/** The awaited owners of one RLock in this thread. */
export class RLockOwners {
  readonly #address: number;
  readonly #self: Self;
  readonly #paths = openMemory().paths;
  readonly #queue: WaitQueue;
  #holder: Owner | undefined;

  private constructor(lock: object, address: number) {
    this.#address = address;
    this.#self = selfAt(address);
    this.#queue = new WaitQueue(lock, address, ObjectKind.rlock);
  }

  static readonly #known = new Map<number, WeakRef<RLockOwners>>();
  static readonly #forgotten = new FinalizationRegistry((address: number) => {
    if (RLockOwners.#known.get(address)?.deref() === undefined) RLockOwners.#known.delete(address);
  });

  static {
    // What the parent's callbacks hold, the child does not.
    onForked(() => {
      for (const owners of RLockOwners.#known.values()) {
        const known = owners.deref();
        if (known !== undefined) known.#holder = undefined;
      }
    });
  }

  /** Those of the lock at the address: the same for all objects of this thread for that lock. */
  static of(lock: object, address: number): RLockOwners {
    const known = RLockOwners.#known.get(address)?.deref();
    if (known !== undefined) return known;
    const owners = new RLockOwners(lock, address);
    RLockOwners.#known.set(address, new WeakRef(owners));
    RLockOwners.#forgotten.register(owners, address);
    return owners;
  }

  /** The innermost callback that runs as an owner of this lock; undefined elsewhere. */
  current(): Owner | undefined {
    let scope = scopes.getStore();
    while (scope !== undefined && (scope.owners !== this || scope.owner.isOver))
      scope = scope.outer;
    return scope?.owner;
  }

  /** Runs a callback as this owner. */
  runAs<T>(owner: Owner, run: () => T): T {
    return scopes.run({ owners: this, owner, outer: scopes.getStore() }, run);
  }

  /** Acquires for `owner`; false when the timeout passed. */
  async acquire(owner: Owner, wait: CheckedWait): Promise<boolean> {
    wait.signal?.throwIfAborted();
    if (this.#reenter(owner)) return true;
    if (!(await this.#queue.acquire(wait, () => this.#tryTake()))) return false;
    this.#hold(owner, 1);
    return true;
  }

  /** Re-enters for the callback that runs, if it holds the lock; true when it did. */
  tryAgain(): boolean {
    const owner = this.current();
    return owner !== undefined && this.#reenter(owner);
  }

  /** Gives up one acquisition of `owner`. */
  release(owner: Owner | undefined): void {
    if (owner === undefined || owner !== this.#holder) {
      throw new NotOwnerError(
        'release() of an RLock by a thread, or a runExclusive() callback, that does not hold it',
      );
    }
    if (--owner.depth > 0) return;
    // A branch of a callback that is suspended may have acquired in the meantime.
    owner.isOver = !owner.isSuspended;
    this.#letGo();
  }

  /** Who would release if release() were called here. */
  releaser(): Owner | undefined {
    return this.current() ?? (this.#holder?.isCallback === false ? this.#holder : undefined);
  }

  /** Whether release() here would release. */
  isHeldHere(): boolean {
    const owner = this.releaser();
    return owner !== undefined && owner === this.#holder;
  }

  /** Lets others have the lock for a while; undefined when nobody here holds it. */
  suspend(): { owner: Owner; depth: number } | undefined {
    const owner = this.releaser();
    if (owner === undefined || owner !== this.#holder) return undefined;
    const { depth } = owner;
    owner.depth = 0;
    owner.isSuspended = true;
    this.#letGo();
    return { owner, depth };
  }

  /** Acquires again what `suspend` gave up, however long that takes. */
  async resume(owner: Owner, depth: number): Promise<void> {
    await this.#acquireAnyhow();
    owner.isSuspended = false;
    this.#hold(owner, depth);
  }

  /** Acquires for this thread, as often as that, without blocking it. */
  async resumeThread(depth: number): Promise<void> {
    await this.#acquireAnyhow();
    native.rlockTakeOver(this.#address, depth);
  }

  /** Lets the first who waits try: the lock was released by this thread. */
  poke(): void {
    this.#queue.poke();
  }

  async #acquireAnyhow(): Promise<void> {
    await this.#queue.acquire({ timeoutMs: Infinity, signal: undefined }, () => this.#tryTake());
  }

  #reenter(owner: Owner): boolean {
    if (owner !== this.#holder) return false;
    owner.depth++;
    return true;
  }

  #hold(owner: Owner, depth: number): void {
    owner.depth = depth;
    this.#holder = owner;
  }

  #tryTake(): boolean {
    if (this.#paths.rlockTryAwaited(this.#address, this.#self.id) === 0) return true;
    return native.rlockTryAwaited(this.#address) === Outcome.acquired;
  }

  #letGo(): void {
    this.#holder = undefined;
    if (this.#paths.lockRelease(this.#address, this.#self.id) === this.#self.id) return;
    native.rlockReleaseAwaited(this.#address);
    this.#queue.poke();
  }
}
