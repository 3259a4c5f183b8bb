// A Lock or an RLock as its Condition uses it: who holds it, and letting go of it for a while.
import { invalidArgument } from '../errors.js';
import { openMemory } from '../memory/memory.js';
import { classOf } from '../memory/registry.js';
import { selfAt, type Self } from '../memory/self.js';
import type { Words } from '../memory/words.js';
import { native } from '../native/binding.js';
import { Lock } from './lock.js';
import { holderOf, resume, resumeSync, RLock, suspend, type Suspended } from './rlock.js';

const { idMask, pending } = native.constants;

/** The lock of a condition. */
export interface ConditionLock extends Words {
  readonly lock: Lock | RLock;
  readonly address: number;
  /** This thread's id in the lock's segment. */
  readonly self: Self;
  /** Whether whoever calls holds it; `'thread'`: by a form that `waitSync` can acquire again. */
  holder(): 'thread' | 'callback' | undefined;
  /** Releases it wholly. */
  suspend(): Suspended | undefined;
  /** Acquires it again, as deep as it was. */
  resume(suspended: Suspended | undefined): Promise<void>;
  resumeSync(suspended: Suspended | undefined): void;
}

/** Throws a TypeError when it is no lock. */
export function conditionLock(lock: unknown): ConditionLock {
  if (!(lock instanceof Lock) && !(lock instanceof RLock)) {
    throw invalidArgument('a Condition takes a Lock or an RLock');
  }
  const address = classOf(lock)!.addressOf(lock);
  const place = { address, self: selfAt(address), ...openMemory().wordsAt(address) };
  return lock instanceof Lock ? plainLock(lock, place) : recursiveLock(lock, place);
}

interface LockPlace extends Words {
  readonly address: number;
  readonly self: Self;
}

function plainLock(lock: Lock, place: LockPlace): ConditionLock {
  const { paths } = openMemory();
  const { address, self } = place;
  return {
    lock,
    ...place,
    holder: () => ((paths.load(address) & (idMask | pending)) === self.id ? 'thread' : undefined),
    suspend() {
      lock.release();
      return undefined;
    },
    async resume() {
      await lock.acquire();
    },
    resumeSync() {
      lock.acquireSync();
    },
  };
}

function recursiveLock(lock: RLock, place: LockPlace): ConditionLock {
  return {
    lock,
    ...place,
    holder: () => holderOf(lock),
    suspend: () => suspend(lock),
    resume: (suspended) => resume(lock, suspended!),
    resumeSync: (suspended) => {
      resumeSync(lock, suspended!);
    },
  };
}
