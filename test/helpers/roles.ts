// What the other party of a test can play; see Party.play.
import * as mp from 'node-multiprocessing';

import { meet } from './barrier-roles.js';
import { contend } from './contender.js';
import { eventRoles } from './event-roles.js';
import { queueRoles } from './queue-roles.js';
import { spinMicroseconds } from './random.js';
import { release, waitBriefly } from './racer.js';
import { readAndWrite, rwlock } from './rwlock-roles.js';
import { openCells, type Acquirable, type CellsHandle } from './shared-words.js';

type Objects = readonly Acquirable[];

/** Takes [lock] again as soon as it has released it, until [stop] has a unit. */
function hammer([lock, stop]: Objects): void {
  const holdUs = 10;
  while (!(stop as mp.Semaphore).tryAcquire()) {
    for (let i = 0; i < 64; i++) {
      lock!.acquireSync();
      spinMicroseconds(holdUs);
      lock!.release();
    }
  }
}

interface Counting {
  readonly handle: CellsHandle;
  readonly times: number;
}

/** Adds to a plain number under [lock], `times` times. */
function count([lock]: Objects, { handle, times }: Counting): void {
  const cells = openCells(handle);
  for (let i = 0; i < times; i++) {
    lock!.acquireSync();
    cells[0]!++;
    lock!.release();
  }
}

/** The same, waiting by promises; some of them together. */
async function countAwaiting([lock]: Objects, { handle, times }: Counting): Promise<void> {
  const cells = openCells(handle);
  const together = 8;
  const work = Array.from({ length: together }, async (_, first) => {
    for (let i = first; i < times; i += together) {
      await (lock as mp.Lock).acquire();
      cells[0]!++;
      lock!.release();
    }
  });
  await Promise.all(work);
}

/** Makes a lock in this process and tells its handle. */
function makeLock(_: Objects, { robust = true }: { robust?: boolean }): mp.SharedHandle<mp.Lock> {
  const lock = new mp.Lock({ robust });
  return mp.share(lock);
}

/** Starts waiting for [lock] and blocks the event loop at once, for `ms`. */
async function waitWithBlockedLoop([lock]: Objects, { ms }: { ms: number }): Promise<boolean> {
  const acquired = (lock as mp.Lock).acquire();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return acquired;
}

/** Lets a Worker of this process wait for [lock], blocking. */
async function blockInWorker([lock]: Objects): Promise<void> {
  const { Party } = await import('./party.js');
  const worker = await Party.start('worker');
  await worker.call(lock as mp.Lock, 'acquireSync');
}

interface Adding {
  readonly value: mp.SharedHandle<mp.SharedValue<'int32'>>;
  readonly times: number;
}

/** Adds to a Value under its RLock, by turns in the awaited and the blocking form. */
async function addUnderRLock([lock]: Objects, { value, times }: Adding): Promise<void> {
  const shared = mp.attach(value);
  const rlock = lock as mp.RLock;
  for (let i = 0; i < times; i++) {
    if (i % 2 === 0) rlock.runExclusiveSync(() => shared.value++);
    else await rlock.runExclusive(() => rlock.runExclusive(() => shared.value++));
  }
}

export const roles = {
  addUnderRLock,
  blockInWorker,
  contend,
  count,
  countAwaiting,
  ...eventRoles,
  hammer,
  makeLock,
  meet,
  ...queueRoles,
  readAndWrite,
  release,
  rwlock,
  waitBriefly,
  waitWithBlockedLoop,
};

export type RoleName = keyof typeof roles;
