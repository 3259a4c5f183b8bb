// Users' own Workers: sharing, ending while they hold or wait, and many of them.
import assert from 'node:assert/strict';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { Party } from '../helpers/party.js';
import { isUntouched, makeCells, untilAwaited } from '../helpers/shared-words.js';
import { within } from '../helpers/watchdog.js';

describe('Workers', () => {
  it('sixteen Workers count together under one lock, and under promises', async () => {
    const lock = new mp.Lock();
    const { cells, handle } = makeCells(1);
    const parties = await Promise.all(Array.from({ length: 16 }, () => Party.start('worker')));
    const works = parties.map((party, i) =>
      party.play(i % 2 === 0 ? 'count' : 'countAwaiting', [lock], { handle, times: 500 }),
    );
    await within('all counts', Promise.all(works), 18_000);
    assert.equal(cells[0], 16 * 500);
    assert.ok(isUntouched(lock));
    await Promise.all(parties.map((party) => party.end()));
  });

  it('Workers that come and go do not use up the slots of threads', async () => {
    const lock = new mp.Lock();
    for (let i = 0; i < 8; i++) {
      const parties = await Promise.all(Array.from({ length: 4 }, () => Party.start('worker')));
      for (const party of parties)
        assert.equal(await party.call(lock, 'tryAcquire'), party === parties[0]);
      const endings = parties.map((party, j) => (j % 2 === 0 ? party.kill() : party.end()));
      await Promise.all(endings);
      assert.equal(lock.tryAcquire(), true);
      assert.equal(lock.abandoned, true);
      lock.release();
    }
  });

  it('a Worker that is terminated with pending awaits gives up its place', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const waiter = await Party.start('worker');
    for (let i = 0; i < 3; i++) waiter.call(lock, 'acquire').catch(() => undefined);
    await untilAwaited(lock);
    await waiter.kill();
    const acquired = lock.acquire();
    lock.release();
    assert.equal(await within('the acquire', acquired), true);
    assert.equal(lock.abandoned, false);
    lock.release();
    assert.ok(isUntouched(lock));
  });

  for (const Kind of [mp.Lock, mp.RLock, mp.Semaphore]) {
    it(`a Worker that blocks at a ${Kind.name} can be terminated`, async () => {
      const object = new Kind() as mp.Lock;
      object.acquireSync();
      const waiter = await Party.start('worker');
      waiter.call(object, 'acquireSync').catch(() => undefined);
      await untilAwaited(object);
      await waiter.kill();
      object.release();
      assert.equal(object.tryAcquire(), true);
      object.release();
    });
  }

  it('a process whose Worker blocks at a lock can end', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const process = await Party.start('process');
    void process.play('blockInWorker', [lock]).catch(() => undefined);
    await untilAwaited(lock);
    await process.exit();
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  });

  it('hub threads are shared by the waits of all threads', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const parties = await Promise.all([Party.start('worker'), Party.start('worker')]);
    const waits = parties.map((party) => party.call(lock, 'acquire'));
    await untilAwaited(lock);
    assert.ok(native.hubThreads() >= 1);
    lock.release();
    await within('the first', Promise.race(waits));
    lock.release();
    assert.deepEqual(await Promise.all(waits), [true, true]);
    lock.release();
    await Promise.all(parties.map((party) => party.end()));
  });
});
