// Semaphore and BoundedSemaphore within one thread.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { untilAwaited, wordsOf } from '../helpers/shared-words.js';
import { timed, turns, within } from '../helpers/watchdog.js';

const largest = 2 ** 31 - 1;

for (const Semaphore of [mp.Semaphore, mp.BoundedSemaphore]) {
  describe(`${Semaphore.name} in one thread`, () => {
    it('starts with one unit, or with as many as it is told', () => {
      assert.equal(new Semaphore().value, 1);
      assert.equal(new Semaphore(undefined).value, 1);
      for (const value of [0, 1, 2, largest]) assert.equal(new Semaphore(value).value, value);
    });

    it('counts down to 0 and then refuses', () => {
      const semaphore = new Semaphore(2);
      assert.equal(semaphore.locked(), false);
      assert.equal(semaphore.acquireSync(), true);
      assert.equal(semaphore.value, 1);
      assert.equal(semaphore.tryAcquire(), true);
      assert.equal(semaphore.value, 0);
      assert.equal(semaphore.locked(), true);
      assert.equal(semaphore.tryAcquire(), false);
      semaphore.release();
      semaphore.release();
      assert.equal(semaphore.value, 2);
    });

    it('acquire() resolves with true while there are units', async () => {
      const semaphore = new Semaphore(2);
      assert.deepEqual(await Promise.all([semaphore.acquire(), semaphore.acquire()]), [true, true]);
      assert.equal(semaphore.value, 0);
    });

    for (const timeout of [0, -1]) {
      it(`a timeout of ${timeout} tries once`, async () => {
        const semaphore = new Semaphore(1);
        assert.equal(semaphore.acquireSync({ timeout }), true);
        assert.equal(semaphore.acquireSync({ timeout }), false);
        assert.equal(await semaphore.acquire({ timeout }), false);
      });
    }

    it('acquireSync() answers false after the timeout, not earlier', async () => {
      const semaphore = new Semaphore(0);
      const { ms, result } = await timed(() => semaphore.acquireSync({ timeout: 50 }));
      assert.equal(result, false);
      assert.ok(ms >= 50, `after ${ms} ms`);
      assert.equal(wordsOf(semaphore).low, 0);
    });

    it('acquire() answers false after the timeout, not earlier', async () => {
      const semaphore = new Semaphore(0);
      const { ms, result } = await timed(() => semaphore.acquire({ timeout: 50 }));
      assert.equal(result, false);
      assert.ok(ms >= 50, `after ${ms} ms`);
    });

    for (const timeout of [undefined, null, Infinity]) {
      it(`acquire() with a timeout of ${timeout} waits until the release`, async () => {
        const semaphore = new Semaphore(1);
        semaphore.acquireSync();
        let settled = false;
        const acquired = semaphore.acquire({ timeout }).then((result) => {
          settled = true;
          return result;
        });
        await untilAwaited(semaphore);
        await turns();
        assert.equal(settled, false);
        semaphore.release();
        assert.equal(await within('the acquire', acquired), true);
        assert.equal(semaphore.value, 0);
      });
    }

    it('waiting promises get units in the order of their calls', async () => {
      const semaphore = new Semaphore(1);
      semaphore.acquireSync();
      const order: number[] = [];
      const waits = Array.from({ length: 50 }, async (_, i) => {
        await semaphore.acquire();
        order.push(i);
        semaphore.release();
      });
      semaphore.release();
      await within('all waits', Promise.all(waits));
      assert.deepEqual(
        order,
        Array.from({ length: 50 }, (_, i) => i),
      );
      assert.equal(semaphore.value, 1);
    });

    it('release(n) gives n units at once', async () => {
      const semaphore = new Semaphore(3);
      for (let i = 0; i < 3; i++) semaphore.acquireSync();
      const waits = [semaphore.acquire(), semaphore.acquire()];
      await untilAwaited(semaphore);
      semaphore.release(3);
      assert.deepEqual(await within('two waits', Promise.all(waits)), [true, true]);
      assert.equal(semaphore.value, 1);
    });

    it('guards and runExclusive take a unit and give it back', async () => {
      const semaphore = new Semaphore(1);
      const held = semaphore.guardSync();
      assert.equal(semaphore.value, 0);
      assert.equal(held.abandoned, false);
      held.release();
      held.release();
      assert.equal(semaphore.value, 1);
      assert.equal(await semaphore.runExclusive(() => semaphore.value), 0);
      assert.equal(
        semaphore.runExclusiveSync(() => semaphore.value),
        0,
      );
      assert.equal(semaphore.value, 1);
    });

    it('a guard that times out throws TimeoutError and takes nothing', async () => {
      const semaphore = new Semaphore(0);
      assert.throws(() => semaphore.guardSync({ timeout: 1 }), mp.TimeoutError);
      await assert.rejects(semaphore.guard({ timeout: 1 }), mp.TimeoutError);
      assert.equal(semaphore.value, 0);
    });

    it('shows its value to console.log', () => {
      const most = Semaphore === mp.BoundedSemaphore ? ', maxValue: 3' : '';
      const semaphore = new Semaphore(3);
      semaphore.acquireSync();
      assert.equal(inspect(semaphore), `${Semaphore.name} { value: 2${most} }`);
    });
  });
}

describe('Semaphore', () => {
  it('may be released above its initial value', () => {
    const semaphore = new mp.Semaphore(2);
    semaphore.release();
    assert.equal(semaphore.value, 3);
    semaphore.release(4);
    assert.equal(semaphore.value, 7);
  });

  it('release() beyond 2147483647 throws OverReleaseError and gives nothing', () => {
    const semaphore = new mp.Semaphore(largest - 1);
    semaphore.release();
    assert.equal(semaphore.value, largest);
    assert.throws(() => {
      semaphore.release();
    }, mp.OverReleaseError);
    assert.throws(() => {
      semaphore.release(largest);
    }, mp.OverReleaseError);
    assert.equal(semaphore.value, largest);
    semaphore.acquireSync();
    assert.throws(() => {
      semaphore.release(2);
    }, mp.OverReleaseError);
    assert.equal(semaphore.value, largest - 1);
  });

  for (const count of [0, -1, 2 ** 31, 1.5, NaN, '1', null, true]) {
    it(`release(${JSON.stringify(count)}) throws and gives nothing`, () => {
      const semaphore = new mp.Semaphore(1);
      assert.throws(() => {
        semaphore.release(count as number);
      }, /count must be/);
      assert.equal(semaphore.value, 1);
    });
  }
});

describe('BoundedSemaphore', () => {
  it('is a Semaphore', () => {
    assert.ok(new mp.BoundedSemaphore() instanceof mp.Semaphore);
  });

  it('release() above its initial value throws OverReleaseError and gives nothing', () => {
    const semaphore = new mp.BoundedSemaphore(2);
    assert.throws(() => {
      semaphore.release();
    }, mp.OverReleaseError);
    semaphore.acquireSync();
    assert.throws(() => {
      semaphore.release(2);
    }, mp.OverReleaseError);
    assert.equal(semaphore.value, 1);
    semaphore.release();
    assert.equal(semaphore.value, 2);
  });

  it('with no unit at all can never be released', () => {
    const semaphore = new mp.BoundedSemaphore(0);
    assert.throws(() => {
      semaphore.release();
    }, mp.OverReleaseError);
  });
});
