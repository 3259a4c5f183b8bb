// Lock within one thread: every form of acquiring, and releasing.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { isUntouched, untilAwaited } from '../helpers/shared-words.js';
import { timed, turns, within } from '../helpers/watchdog.js';

describe('Lock in one thread', () => {
  it('tryAcquire() takes a free lock and answers false at a held one', () => {
    const lock = new mp.Lock();
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.tryAcquire(), false);
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  });

  it('acquireSync() takes a free lock, with and without options', () => {
    const lock = new mp.Lock();
    assert.equal(lock.acquireSync(), true);
    lock.release();
    assert.equal(lock.acquireSync({ timeout: 100 }), true);
    lock.release();
    assert.equal(lock.acquireSync({}), true);
    lock.release();
  });

  it('acquire() resolves with true at a free lock', async () => {
    const lock = new mp.Lock();
    assert.equal(await lock.acquire(), true);
    assert.equal(lock.locked(), true);
    lock.release();
    assert.equal(lock.locked(), false);
  });

  it('locked() tells whether somebody holds it', () => {
    const lock = new mp.Lock();
    assert.equal(lock.locked(), false);
    lock.acquireSync();
    assert.equal(lock.locked(), true);
    lock.release();
    assert.equal(lock.locked(), false);
  });

  it('release() of a free lock throws OverReleaseError and changes nothing', () => {
    const lock = new mp.Lock();
    assert.throws(() => {
      lock.release();
    }, mp.OverReleaseError);
    assert.equal(lock.tryAcquire(), true);
    lock.release();
    assert.throws(() => {
      lock.release();
    }, mp.OverReleaseError);
  });

  for (const timeout of [50, 0.5]) {
    it(`acquireSync() answers false after a timeout of ${timeout} ms, not earlier`, async () => {
      const lock = new mp.Lock();
      lock.acquireSync();
      const { ms, result } = await timed(() => lock.acquireSync({ timeout }));
      assert.equal(result, false);
      assert.ok(ms >= timeout, `after ${ms} ms`);
      lock.release();
      assert.ok(isUntouched(lock), 'a trace of the wait is left');
    });

    it(`acquire() answers false after a timeout of ${timeout} ms, not earlier`, async () => {
      const lock = new mp.Lock();
      lock.acquireSync();
      const { ms, result } = await timed(() => lock.acquire({ timeout }));
      assert.equal(result, false);
      assert.ok(ms >= timeout, `after ${ms} ms`);
      lock.release();
      assert.ok(isUntouched(lock), 'a trace of the wait is left');
    });
  }

  for (const timeout of [0, -1, -0, -Infinity]) {
    it(`a timeout of ${timeout} tries once`, async () => {
      const lock = new mp.Lock();
      assert.equal(lock.acquireSync({ timeout }), true);
      assert.equal(lock.acquireSync({ timeout }), false);
      assert.equal(await lock.acquire({ timeout }), false);
      lock.release();
      assert.equal(await lock.acquire({ timeout }), true);
      lock.release();
    });
  }

  for (const timeout of [undefined, null, Infinity]) {
    it(`acquire() with a timeout of ${timeout} waits until the release`, async () => {
      const lock = new mp.Lock();
      lock.acquireSync();
      let settled = false;
      const acquired = lock.acquire({ timeout }).then((result) => {
        settled = true;
        return result;
      });
      await untilAwaited(lock);
      await turns();
      assert.equal(settled, false);
      lock.release();
      assert.equal(await within('the acquire', acquired), true);
      lock.release();
    });

    it(`acquireSync() with a timeout of ${timeout} throws at a lock of its own`, () => {
      const lock = new mp.Lock();
      lock.acquireSync();
      assert.throws(() => lock.acquireSync({ timeout }), { code: 'ERR_MP_DEADLOCK' });
      lock.release();
    });
  }

  it('a wait longer than a timer can be still ends with the release', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const acquired = lock.acquire({ timeout: 2 ** 40 });
    await untilAwaited(lock);
    lock.release();
    assert.equal(await within('the acquire', acquired), true);
    lock.release();
  });

  it('acquireSync() of a lock that the thread holds throws instead of freezing', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    assert.throws(
      () => lock.acquireSync(),
      (error: unknown) =>
        error instanceof mp.MultiprocessingError && error.code === 'ERR_MP_DEADLOCK',
    );
    assert.equal(lock.locked(), true);
    lock.release();
    await lock.acquire();
    assert.throws(() => lock.acquireSync(), { code: 'ERR_MP_DEADLOCK' });
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  });

  it('acquireSync() with a timeout at a lock of its own answers false', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const { ms, result } = await timed(() => lock.acquireSync({ timeout: 20 }));
    assert.equal(result, false);
    assert.ok(ms >= 20, `after ${ms} ms`);
    lock.release();
  });

  it('waiting promises get the lock in the order of their calls', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const order: number[] = [];
    const waits = Array.from({ length: 50 }, async (_, i) => {
      await lock.acquire();
      order.push(i);
      lock.release();
    });
    lock.release();
    await within('all waits', Promise.all(waits));
    assert.deepEqual(
      order,
      Array.from({ length: 50 }, (_, i) => i),
    );
    assert.ok(isUntouched(lock));
  });

  it('two async functions exclude each other across their awaits', async () => {
    const lock = new mp.Lock();
    let inside = 0;
    const work = async () => {
      for (let i = 0; i < 100; i++) {
        await lock.acquire();
        assert.equal(++inside, 1);
        await turns(1);
        inside--;
        lock.release();
      }
    };
    await within('both', Promise.all([work(), work()]));
  });

  it('a waiter whose timeout passes leaves the others in their order', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const results: string[] = [];
    const waits = [undefined, 10, undefined].map(async (timeout, i) => {
      const acquired = await lock.acquire({ timeout });
      results.push(`${i} ${acquired}`);
      if (acquired) lock.release();
    });
    await within('the timeout', waits[1]!);
    lock.release();
    await within('all waits', Promise.all(waits));
    assert.deepEqual(results, ['1 false', '0 true', '2 true']);
    assert.ok(isUntouched(lock));
  });

  it('a lock that is freed while the loop was blocked is acquired though its time has passed', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const acquired = lock.acquire({ timeout: 5 });
    lock.release();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    assert.equal(await within('the acquire', acquired), true);
    lock.release();
  });

  it('a pending acquire() does not block the event loop', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const acquired = lock.acquire();
    await turns(100);
    lock.release();
    assert.equal(await within('the acquire', acquired), true);
    lock.release();
  });

  it('two objects for one lock in one thread wait beside each other', async () => {
    const first = new mp.Lock();
    const second = mp.attach(mp.share(first));
    assert.notEqual(first, second);
    for (const [holder, other] of [
      [first, second],
      [second, first],
    ] as const) {
      holder.acquireSync();
      assert.throws(() => other.acquireSync(), { code: 'ERR_MP_DEADLOCK' });
      const waits = [holder, other, other, holder].map(async (lock) => {
        await lock.acquire();
        await turns(1);
        lock.release();
      });
      await untilAwaited(holder);
      other.release();
      await within('all waits', Promise.all(waits));
      assert.ok(isUntouched(first));
    }
  });

  it('shows its state to console.log', () => {
    const lock = new mp.Lock();
    assert.equal(inspect(lock), 'Lock { locked: false, abandoned: false }');
    lock.acquireSync();
    assert.equal(inspect(lock), "Lock { locked: true, owner: 'this thread', abandoned: false }");
    lock.release();
  });
});
