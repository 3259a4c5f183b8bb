// Robust semaphores: units that belong to threads, and come back when those end.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { nounOf, Party, partyKinds, useParty } from '../helpers/party.js';
import { untilAwaited, wordsOf } from '../helpers/shared-words.js';
import { timed, turns, within } from '../helpers/watchdog.js';

const robust = { robust: true } as const;

for (const Semaphore of [mp.Semaphore, mp.BoundedSemaphore]) {
  describe(`robust ${Semaphore.name} in one thread`, () => {
    it('counts down to 0 and up again, and no further', () => {
      const semaphore = new Semaphore(2, robust);
      assert.equal(semaphore.value, 2);
      assert.equal(semaphore.acquireSync(), true);
      assert.equal(semaphore.tryAcquire(), true);
      assert.equal(semaphore.locked(), true);
      assert.equal(semaphore.tryAcquire(), false);
      assert.equal(semaphore.acquireSync({ timeout: 1 }), false);
      semaphore.release();
      assert.equal(semaphore.value, 1);
      semaphore.release();
      assert.throws(() => {
        semaphore.release();
      }, mp.NotOwnerError);
      assert.equal(semaphore.value, 2);
    });

    it('release(n) gives all of them or none', () => {
      const semaphore = new Semaphore(3, robust);
      semaphore.acquireSync();
      semaphore.acquireSync();
      assert.throws(() => {
        semaphore.release(3);
      }, mp.NotOwnerError);
      assert.equal(semaphore.value, 1);
      semaphore.release(2);
      assert.equal(semaphore.value, 3);
    });

    it('acquireSync() that only this thread could end throws ERR_MP_DEADLOCK', () => {
      const semaphore = new Semaphore(1, robust);
      semaphore.acquireSync();
      assert.throws(() => semaphore.acquireSync(), { code: 'ERR_MP_DEADLOCK' });
      assert.equal(semaphore.acquireSync({ timeout: 1 }), false);
      semaphore.release();
      assert.equal(semaphore.value, 1);
    });

    it('acquire() waits for a release of its own thread', async () => {
      const semaphore = new Semaphore(1, robust);
      semaphore.acquireSync();
      let settled = false;
      const acquired = semaphore.acquire().finally(() => (settled = true));
      await untilAwaited(semaphore);
      await turns();
      assert.equal(settled, false);
      semaphore.release();
      assert.equal(await within('the acquire', acquired), true);
    });

    it('waiting promises get units in the order of their calls', async () => {
      const semaphore = new Semaphore(2, robust);
      semaphore.acquireSync();
      semaphore.acquireSync();
      const order: number[] = [];
      const waits = Array.from({ length: 30 }, async (_, i) => {
        await semaphore.acquire();
        order.push(i);
        semaphore.release();
      });
      semaphore.release(2);
      await within('all waits', Promise.all(waits));
      assert.deepEqual(
        order,
        Array.from({ length: 30 }, (_, i) => i),
      );
      assert.equal(semaphore.value, 2);
    });

    it('a wait that times out leaves no trace', async () => {
      const semaphore = new Semaphore(1, robust);
      semaphore.acquireSync();
      const { ms, result } = await timed(() => semaphore.acquire({ timeout: 30 }));
      assert.equal(result, false);
      assert.ok(ms >= 30, `after ${ms} ms`);
      assert.equal(wordsOf(semaphore).high, 0, 'a request is left');
      semaphore.release();
      assert.equal(semaphore.value, 1);
    });

    it('shows its value to console.log', () => {
      const most = Semaphore === mp.BoundedSemaphore ? ', maxValue: 3' : '';
      assert.equal(inspect(new Semaphore(3, robust)), `${Semaphore.name} { value: 3${most} }`);
    });

    for (const value of [0, 4096, -1]) {
      it(`refuses ${value} units`, () => {
        assert.throws(() => new Semaphore(value, robust), RangeError);
      });
    }

    it('takes as many units as it promises', () => {
      const semaphore = new Semaphore(4095, robust);
      for (let i = 0; i < 4095; i++) assert.equal(semaphore.tryAcquire(), true);
      assert.equal(semaphore.tryAcquire(), false);
      semaphore.release(4095);
      assert.equal(semaphore.value, 4095);
    });

    for (const options of [null, true, 1, { robust: 1 }, { robust: null }]) {
      it(`refuses ${JSON.stringify(options)} as its options`, () => {
        assert.throws(() => new Semaphore(1, options as object), { code: 'ERR_INVALID_ARG_TYPE' });
      });
    }
  });
}

for (const kind of partyKinds) {
  const noun = nounOf(kind);
  describe(`robust Semaphore between two ${noun}`, () => {
    const party = useParty(kind);

    it('only holders may release', async () => {
      const semaphore = new mp.Semaphore(2, robust);
      const other = await party();
      assert.equal(await other.call(semaphore, 'tryAcquire'), true);
      assert.equal(semaphore.value, 1);
      assert.throws(() => {
        semaphore.release();
      }, mp.NotOwnerError);
      semaphore.acquireSync();
      await assert.rejects(other.call(semaphore, 'release', 2), { name: 'NotOwnerError' });
      await other.call(semaphore, 'release');
      semaphore.release();
      assert.equal(await other.call(semaphore, 'value'), 2);
    });

    for (const form of ['acquireSync', 'acquire'] as const) {
      it(`${form}() in the other waits until the release here`, async () => {
        const semaphore = new mp.Semaphore(1, robust);
        const other = await party();
        semaphore.acquireSync();
        let settled = false;
        const acquired = other.call(semaphore, form).finally(() => (settled = true));
        await untilAwaited(semaphore);
        await turns();
        assert.equal(settled, false);
        semaphore.release();
        assert.equal(await acquired, true);
        assert.equal(semaphore.value, 0);
        await other.call(semaphore, 'release');
        assert.equal(semaphore.value, 1);
      });
    }

    it('acquire() here waits until the release there', async () => {
      const semaphore = new mp.Semaphore(1, robust);
      const other = await party();
      await other.call(semaphore, 'acquireSync');
      const acquired = semaphore.acquire();
      await untilAwaited(semaphore);
      await other.call(semaphore, 'release');
      assert.equal(await within('the acquire', acquired), true);
      semaphore.release();
    });
  });

  describe(`what a ${kind} held of a robust Semaphore`, () => {
    for (const how of ['kill', 'end', 'exit'] as const) {
      if (kind === 'worker' && how === 'exit') continue;
      it(`comes back when it is gone by ${how}()`, async () => {
        const semaphore = new mp.Semaphore(3, robust);
        const holder = await Party.start(kind);
        await holder.call(semaphore, 'acquireSync');
        await holder.call(semaphore, 'acquire');
        assert.equal(semaphore.value, 1);
        await holder[how]();
        assert.equal(semaphore.value, 3);
        for (let i = 0; i < 3; i++) assert.equal(semaphore.tryAcquire(), true);
        assert.equal(semaphore.tryAcquire(), false);
        semaphore.release(3);
      });
    }

    it('comes back to those who wait, by promises and blocking', async () => {
      const semaphore = new mp.Semaphore(2, robust);
      const holder = await Party.start(kind);
      const blocking = await Party.start(kind);
      await holder.call(semaphore, 'acquireSync');
      await holder.call(semaphore, 'acquireSync');
      const here = semaphore.acquire();
      const there = blocking.call(semaphore, 'acquireSync');
      await untilAwaited(semaphore);
      await holder.kill();
      assert.deepEqual(await within('both waits', Promise.all([here, there])), [true, true]);
      assert.equal(semaphore.value, 0);
      semaphore.release();
      await blocking.call(semaphore, 'release');
      await blocking.end();
    });

    it('a waiter that is killed takes nothing along', async () => {
      const semaphore = new mp.Semaphore(1, robust);
      semaphore.acquireSync();
      const waiter = await Party.start(kind);
      waiter.call(semaphore, 'acquireSync').catch(() => undefined);
      await untilAwaited(semaphore);
      await waiter.kill();
      const acquired = semaphore.acquire();
      semaphore.release();
      assert.equal(await within('the unit', acquired), true);
      semaphore.release();
      assert.equal(semaphore.value, 1);
    });
  });
}
