// The debug mode of locks: their methods are replaced, for as long as the process lives, by ones that
// keep this thread's journal and watch its waits. Without the debug mode none of this is loaded.
import { openMemory } from '../memory/memory.js';
import { classOf } from '../memory/registry.js';
import { selfAt } from '../memory/self.js';
import { native, ObjectKind } from '../native/binding.js';
import { Lock } from '../sync/lock.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { RLock } from '../sync/rlock.js';
import { addressOfSide, ReadSide, WriteSide, type RWLockSide } from '../sync/rwlock-sides.js';
import { Semaphore } from '../sync/semaphore.js';
import { debugSettings } from './settings.js';
import { traceOwners } from './trace-owners.js';
import { addHold, beginWait, dropHold, watchCreation, type Used } from './uses.js';

/** What is traced. */
interface Lockable {
  acquire(options?: AwaitOptions): Promise<boolean>;
  acquireSync(options?: WaitOptions): boolean;
  tryAcquire(): boolean;
  release(count?: number): void;
}

const { idMask } = native.constants;

/** @param wanted - what NODE_MULTIPROCESSING_DEBUG says */
export function traceLocks(wanted: string): void {
  const { locks, waitMs } = debugSettings(wanted);
  if (!locks) return;
  watchCreation();
  const usedBy = (kind: ObjectKind) => (object: object) => {
    return { address: classOf(object)!.addressOf(object), kind };
  };
  const sideOf = (mode: 'read' | 'write') => (side: object) => {
    return { address: addressOfSide(side as RWLockSide), kind: ObjectKind.rwlock, mode };
  };
  trace(Lock.prototype, waitMs, usedBy(ObjectKind.lock));
  trace(Semaphore.prototype, waitMs, usedBy(ObjectKind.semaphore));
  trace(RLock.prototype, waitMs, usedBy(ObjectKind.rlock));
  traceOwners(RLock.prototype, waitMs, usedBy(ObjectKind.rlock));
  trace(ReadSide.prototype, waitMs, sideOf('read'));
  trace(WriteSide.prototype, waitMs, sideOf('write'));
}

/** Whether calls are the user's: `acquire` begins with a `tryAcquire`, which counts once. */
let isTraced = true;

function untraced<T>(call: () => T): T {
  isTraced = false;
  try {
    return call();
  } finally {
    isTraced = true;
  }
}

function trace(prototype: Lockable, limitMs: number, usedOf: (object: object) => Used): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- each is called with its object
  const { acquire, acquireSync, tryAcquire, release } = prototype;

  prototype.acquire = async function (this: Lockable, options) {
    const used = usedOf(this);
    const { timeoutMs } = checkAwait('acquire', options);
    const wait = beginWait(used, { method: 'acquire', isBlocking: false, timeoutMs, limitMs });
    try {
      wait.watch();
      const acquired = await untraced(() => acquire.call(this, options));
      if (acquired) addHold(used, wait.site);
      return acquired;
    } finally {
      wait.end();
    }
  };

  prototype.acquireSync = function (this: Lockable, options) {
    const used = usedOf(this);
    const timeoutMs = checkWait('acquireSync', options);
    if (acquireSync.call(this, { timeout: 0 })) {
      addHold(used);
      return true;
    }
    if (timeoutMs === 0) return false;
    // Throws, for it would wait for itself.
    if (timeoutMs === Infinity && isOwn(used)) return acquireSync.call(this, options);
    const wait = beginWait(used, { method: 'acquireSync', isBlocking: true, timeoutMs, limitMs });
    try {
      const acquired = wait.block((timeout) => acquireSync.call(this, { timeout }));
      if (acquired) addHold(used, wait.site);
      return acquired;
    } finally {
      wait.end();
    }
  };

  prototype.tryAcquire = function (this: Lockable) {
    const acquired = tryAcquire.call(this);
    if (acquired && isTraced) addHold(usedOf(this));
    return acquired;
  };

  prototype.release = function (this: Lockable, count) {
    release.call(this, count);
    dropHold(usedOf(this), count);
  };
}

/** Whether this thread itself stands in the way of a wait without end. */
function isOwn({ address, kind, mode }: Used): boolean {
  if (kind === ObjectKind.semaphore) return false;
  const { paths } = openMemory();
  if ((paths.load(address) & idMask) === selfAt(address).id) return true;
  return mode === 'write' && paths.load(native.rwlockCell(address)) !== 0;
}
