// Guards and runExclusive of Lock, in both forms.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { isUntouched, untilAwaited } from '../helpers/shared-words.js';
import { timed, within } from '../helpers/watchdog.js';

describe('guards of a Lock', () => {
  it('`using` releases at the end of the scope, and when it throws', () => {
    const lock = new mp.Lock();
    {
      using held = lock.guardSync();
      assert.equal(held.abandoned, false);
      assert.equal(lock.locked(), true);
    }
    assert.equal(lock.locked(), false);
    assert.throws(() => {
      using held = lock.guardSync();
      throw new Error(`inside, ${held.abandoned}`);
    }, /inside/);
    assert.equal(lock.locked(), false);
  });

  it('`await using` releases at the end of the scope', async () => {
    const lock = new mp.Lock();
    {
      await using held = await lock.guard();
      assert.equal(held.abandoned, false);
      assert.equal(lock.locked(), true);
    }
    assert.equal(lock.locked(), false);
    {
      using held = await lock.guard();
      assert.equal(held.abandoned, false);
      assert.equal(lock.locked(), true);
    }
    assert.equal(lock.locked(), false);
  });

  it('release() of a guard releases once, also when its scope ends afterwards', () => {
    const lock = new mp.Lock();
    {
      using held = lock.guardSync();
      held.release();
      assert.equal(lock.locked(), false);
      lock.acquireSync();
      held.release();
    }
    assert.equal(lock.locked(), true, 'the guard released what it no longer held');
    lock.release();
  });

  it('guardSync() throws TimeoutError after the timeout, not earlier', () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const start = performance.now();
    assert.throws(
      () => lock.guardSync({ timeout: 30 }),
      (error: unknown) =>
        error instanceof mp.TimeoutError &&
        error instanceof mp.MultiprocessingError &&
        error.code === 'ERR_MP_TIMEOUT' &&
        error.message.includes('Lock was not acquired within 30 ms'),
    );
    assert.ok(performance.now() - start >= 30);
    lock.release();
    assert.ok(isUntouched(lock));
  });

  it('guard() rejects with TimeoutError after the timeout, not earlier', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const { ms } = await timed(() =>
      assert.rejects(lock.guard({ timeout: 30 }), { code: 'ERR_MP_TIMEOUT', name: 'TimeoutError' }),
    );
    assert.ok(ms >= 30, `after ${ms} ms`);
    await assert.rejects(
      lock.runExclusive(() => assert.fail('ran'), { timeout: 5 }),
      mp.TimeoutError,
    );
    assert.throws(
      () => lock.runExclusiveSync(() => assert.fail('ran'), { timeout: 5 }),
      mp.TimeoutError,
    );
    lock.release();
    assert.ok(isUntouched(lock));
  });

  it('guard() waits for its turn', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const guarded = lock.guard();
    await untilAwaited(lock);
    lock.release();
    const held = await within('the guard', guarded);
    assert.equal(lock.locked(), true);
    held.release();
    assert.equal(lock.locked(), false);
  });
});

describe('runExclusive of a Lock', () => {
  it('runExclusiveSync() gives what the callback gives and holds the lock meanwhile', () => {
    const lock = new mp.Lock();
    const result = lock.runExclusiveSync((held) => {
      assert.equal(held.abandoned, false);
      assert.equal(lock.tryAcquire(), false);
      return 42;
    });
    assert.equal(result, 42);
    assert.equal(lock.locked(), false);
  });

  it('runExclusiveSync() releases when the callback throws, and throws the same', () => {
    const lock = new mp.Lock();
    const thrown = new Error('inside');
    assert.throws(
      () =>
        lock.runExclusiveSync(() => {
          throw thrown;
        }),
      (error) => error === thrown,
    );
    assert.equal(lock.locked(), false);
  });

  it('runExclusive() holds the lock until the promise of the callback settles', async () => {
    const lock = new mp.Lock();
    const result = await lock.runExclusive(async (held) => {
      assert.equal(held.abandoned, false);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(lock.locked(), true);
      return 'done';
    });
    assert.equal(result, 'done');
    assert.equal(lock.locked(), false);
    assert.equal(await lock.runExclusive(() => 'at once'), 'at once');
  });

  it('runExclusive() releases when the callback throws or rejects', async () => {
    const lock = new mp.Lock();
    const thrown = new Error('inside');
    const same = (error: unknown) => error === thrown;
    await assert.rejects(
      lock.runExclusive(() => {
        throw thrown;
      }),
      same,
    );
    await assert.rejects(
      lock.runExclusive(() => Promise.reject(thrown)),
      same,
    );
    assert.equal(lock.locked(), false);
  });

  it('runExclusive() of many callers runs one at a time, in order', async () => {
    const lock = new mp.Lock();
    const order: number[] = [];
    let inside = 0;
    await within(
      'all callers',
      Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          lock.runExclusive(async () => {
            assert.equal(++inside, 1);
            await new Promise((resolve) => setImmediate(resolve));
            inside--;
            order.push(i);
          }),
        ),
      ),
    );
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, i) => i),
    );
  });
});
