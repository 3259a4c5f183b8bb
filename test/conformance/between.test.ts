// Lock, RLock and Semaphore between two parties: processes, and threads of one process.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { nounOf, partyKinds, useParty } from '../helpers/party.js';
import { isUntouched, makeCells, untilAwaited } from '../helpers/shared-words.js';
import { timed, turns, within } from '../helpers/watchdog.js';

for (const kind of partyKinds) {
  describe(`between two ${nounOf(kind)}`, () => {
    const party = useParty(kind);

    for (const Lock of [mp.Lock, mp.RLock]) {
      it(`${Lock.name}: locked() and console.log tell both sides that the other holds it`, async () => {
        const lock = new Lock();
        const other = await party();
        await other.call(lock, 'acquireSync');
        const owner = kind === 'worker' ? 'another thread' : `process ${other.pid}`;
        assert.equal(lock.locked(), true);
        assert.equal(await other.call(lock, 'locked'), true);
        assert.match(inspect(lock), new RegExp(`locked: true, owner: '${owner}'`));
        await other.call(lock, 'release');
        assert.equal(await other.call(lock, 'locked'), false);
        assert.match(inspect(lock), /locked: false, abandoned/);
      });
    }

    describe('Lock', () => {
      it('tryAcquire() answers false while the other holds it', async () => {
        const lock = new mp.Lock();
        const other = await party();
        assert.equal(await other.call(lock, 'tryAcquire'), true);
        assert.equal(lock.tryAcquire(), false);
        assert.equal(lock.locked(), true);
        await other.call(lock, 'release');
        assert.equal(lock.locked(), false);
        assert.equal(lock.tryAcquire(), true);
        assert.equal(await other.call(lock, 'tryAcquire'), false);
        assert.equal(await other.call(lock, 'locked'), true);
        lock.release();
      });

      it('acquireSync() answers false when the other holds it past the timeout', async () => {
        const lock = new mp.Lock();
        const other = await party();
        await other.call(lock, 'acquireSync');
        const { ms, result } = await timed(() => lock.acquireSync({ timeout: 60 }));
        assert.equal(result, false);
        assert.ok(ms >= 60, `after ${ms} ms`);
        await other.call(lock, 'release');
        assert.ok(isUntouched(lock));
      });

      it('acquire() answers false when the other holds it past the timeout', async () => {
        const lock = new mp.Lock();
        const other = await party();
        await other.call(lock, 'acquireSync');
        const { ms, result } = await timed(() => lock.acquire({ timeout: 60 }));
        assert.equal(result, false);
        assert.ok(ms >= 60, `after ${ms} ms`);
        await other.call(lock, 'release');
        assert.ok(isUntouched(lock));
      });

      for (const form of ['acquireSync', 'acquire'] as const) {
        it(`${form}() in the other waits until the release here`, async () => {
          const lock = new mp.Lock();
          const other = await party();
          lock.acquireSync();
          let settled = false;
          const acquired = other.call(lock, form).then((result) => {
            settled = true;
            return result;
          });
          await untilAwaited(lock);
          await turns();
          assert.equal(settled, false);
          lock.release();
          assert.equal(await acquired, true);
          assert.equal(lock.locked(), true);
          assert.equal(lock.abandoned, false);
          await other.call(lock, 'release');
          assert.ok(isUntouched(lock));
        });
      }

      it('acquire() here waits until the release there', async () => {
        const lock = new mp.Lock();
        const other = await party();
        await other.call(lock, 'acquireSync');
        const acquired = lock.acquire();
        await untilAwaited(lock);
        await other.call(lock, 'release');
        assert.equal(await within('the acquire', acquired), true);
        lock.release();
        assert.ok(isUntouched(lock));
      });

      it('may be released by the other, who does not hold it', async () => {
        const lock = new mp.Lock();
        const other = await party();
        lock.acquireSync();
        await other.call(lock, 'release');
        assert.equal(lock.tryAcquire(), true);
        lock.release();
        await other.call(lock, 'acquireSync');
        lock.release();
        assert.equal(await other.call(lock, 'locked'), false);
      });

      it('a release by the other lets a waiter here have it', async () => {
        const lock = new mp.Lock();
        const other = await party();
        lock.acquireSync();
        const acquired = lock.acquire();
        await untilAwaited(lock);
        await other.call(lock, 'release');
        assert.equal(await within('the acquire', acquired), true);
        lock.release();
      });

      it('release() of a free lock throws OverReleaseError in the other too', async () => {
        const lock = new mp.Lock();
        const other = await party();
        await assert.rejects(other.call(lock, 'release'), {
          name: 'OverReleaseError',
          code: 'ERR_MP_OVER_RELEASE',
        });
      });

      it('a lock that the other holds is no deadlock', async () => {
        const lock = new mp.Lock();
        const other = await party();
        lock.acquireSync();
        const acquired = other.call(lock, 'acquireSync');
        await untilAwaited(lock);
        lock.release();
        assert.equal(await acquired, true);
        await other.call(lock, 'release');
      });

      for (const [mine, theirs] of [
        ['count', 'count'],
        ['countAwaiting', 'count'],
        ['countAwaiting', 'countAwaiting'],
      ] as const) {
        it(`${mine} and ${theirs} add up under the lock`, async () => {
          const lock = new mp.Lock();
          const { cells, handle } = makeCells(1);
          const other = await party();
          const settings = { handle, times: 2_000 };
          const { roles } = await import('../helpers/roles.js');
          const far = other.play(theirs, [lock], settings);
          await roles[mine]([lock], settings);
          await within('the other', far);
          assert.equal(cells[0], 4_000);
          assert.ok(isUntouched(lock));
        });
      }
    });

    describe('RLock', () => {
      it('excludes the other until the last of nested releases', async () => {
        const lock = new mp.RLock();
        const other = await party();
        lock.acquireSync();
        lock.acquireSync();
        assert.equal(await other.call(lock, 'tryAcquire'), false);
        assert.equal(await other.call(lock, 'locked'), true);
        lock.release();
        assert.equal(await other.call(lock, 'tryAcquire'), false);
        const acquired = other.call(lock, 'acquireSync');
        await untilAwaited(lock);
        assert.equal(lock.tryAcquire(), true, 'the owner re-enters past a waiter');
        lock.release();
        lock.release();
        assert.equal(await acquired, true);
        assert.equal(lock.locked(), true);
        assert.equal(lock.tryAcquire(), false);
        await other.call(lock, 'release');
        assert.ok(isUntouched(lock));
      });

      it('acquireSync() answers false when the other holds it past the timeout', async () => {
        const lock = new mp.RLock();
        const other = await party();
        await other.call(lock, 'acquireSync');
        const { ms, result } = await timed(() => lock.acquireSync({ timeout: 60 }));
        assert.equal(result, false);
        assert.ok(ms >= 60, `after ${ms} ms`);
        await other.call(lock, 'release');
      });

      it('release() by the other throws NotOwnerError and changes nothing', async () => {
        const lock = new mp.RLock();
        const other = await party();
        lock.acquireSync();
        const notOwner = { name: 'NotOwnerError', code: 'ERR_MP_NOT_OWNER' };
        await assert.rejects(other.call(lock, 'release'), notOwner);
        assert.equal(lock.locked(), true);
        lock.release();
        await assert.rejects(other.call(lock, 'release'), notOwner);
      });

      it('adds up under the lock', async () => {
        const lock = new mp.RLock();
        const { cells, handle } = makeCells(1);
        const other = await party();
        const settings = { handle, times: 2_000 };
        const { roles } = await import('../helpers/roles.js');
        const far = other.play('count', [lock], settings);
        roles.count([lock], settings);
        await within('the other', far);
        assert.equal(cells[0], 4_000);
      });
    });

    for (const Semaphore of [mp.Semaphore, mp.BoundedSemaphore]) {
      describe(Semaphore.name, () => {
        it('counts units of both sides', async () => {
          const semaphore = new Semaphore(2);
          const other = await party();
          assert.equal(await other.call(semaphore, 'tryAcquire'), true);
          assert.equal(semaphore.value, 1);
          assert.equal(semaphore.tryAcquire(), true);
          assert.equal(await other.call(semaphore, 'value'), 0);
          assert.equal(await other.call(semaphore, 'tryAcquire'), false);
          assert.equal(await other.call(semaphore, 'locked'), true);
          await other.call(semaphore, 'release');
          semaphore.release();
          assert.equal(semaphore.value, 2);
        });

        for (const form of ['acquireSync', 'acquire'] as const) {
          it(`${form}() in the other waits for a unit from here`, async () => {
            const semaphore = new Semaphore(1);
            const other = await party();
            semaphore.acquireSync();
            const acquired = other.call(semaphore, form);
            await untilAwaited(semaphore);
            assert.equal(semaphore.value, 0);
            semaphore.release();
            assert.equal(await acquired, true);
            assert.equal(semaphore.value, 0);
            await other.call(semaphore, 'release');
            assert.equal(semaphore.value, 1);
          });

          it(`${form}() in the other answers false after the timeout`, async () => {
            const semaphore = new Semaphore(1);
            const other = await party();
            semaphore.acquireSync();
            const { ms, result } = await timed(() => other.call(semaphore, form, { timeout: 60 }));
            assert.equal(result, false);
            assert.ok(ms >= 60, `after ${ms} ms`);
            semaphore.release();
            assert.equal(semaphore.value, 1);
          });
        }

        it('units given here reach awaiting and blocking waiters of both sides', async () => {
          const semaphore = new Semaphore(3);
          const other = await party();
          for (let i = 0; i < 3; i++) semaphore.acquireSync();
          const waits = [
            semaphore.acquire(),
            other.call(semaphore, 'acquire'),
            other.call(semaphore, 'acquire'),
          ];
          await untilAwaited(semaphore);
          semaphore.release(3);
          assert.deepEqual(await within('three waits', Promise.all(waits)), [true, true, true]);
          assert.equal(semaphore.value, 0);
          semaphore.release(3);
        });
      });
    }

    it('a BoundedSemaphore keeps its bound in the other', async () => {
      const semaphore = new mp.BoundedSemaphore(2);
      const other = await party();
      await assert.rejects(other.call(semaphore, 'release'), { code: 'ERR_MP_OVER_RELEASE' });
      assert.equal(semaphore.value, 2);
    });
  });
}
