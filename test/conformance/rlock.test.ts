// RLock, sync form, within one thread.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { isUntouched } from '../helpers/shared-words.js';

describe('RLock in one thread', () => {
  it('may be acquired again by its owner, in every form', () => {
    const lock = new mp.RLock();
    assert.equal(lock.acquireSync(), true);
    assert.equal(lock.acquireSync(), true);
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.acquireSync({ timeout: 0 }), true);
    assert.equal(lock.acquireSync({ timeout: null }), true);
    for (let i = 0; i < 5; i++) {
      assert.equal(lock.locked(), true);
      lock.release();
    }
    assert.equal(lock.locked(), false);
    assert.ok(isUntouched(lock));
  });

  it('counts deep recursion', () => {
    const lock = new mp.RLock();
    for (let i = 0; i < 10_000; i++) lock.acquireSync();
    for (let i = 0; i < 9_999; i++) lock.release();
    assert.equal(lock.locked(), true);
    lock.release();
    assert.equal(lock.locked(), false);
  });

  it('release() of a free RLock throws NotOwnerError', () => {
    const lock = new mp.RLock();
    assert.throws(() => {
      lock.release();
    }, mp.NotOwnerError);
    lock.acquireSync();
    lock.release();
    assert.throws(() => {
      lock.release();
    }, mp.NotOwnerError);
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  });

  it('guards nest and release once each', () => {
    const lock = new mp.RLock();
    const outer = lock.guardSync();
    const inner = lock.guardSync({ timeout: 10 });
    inner.release();
    inner.release();
    assert.equal(lock.locked(), true);
    outer.release();
    assert.equal(lock.locked(), false);
  });

  it('runExclusiveSync() re-enters and releases when the callback throws', () => {
    const lock = new mp.RLock();
    const result = lock.runExclusiveSync(() => lock.runExclusiveSync(() => 'inner'));
    assert.equal(result, 'inner');
    const thrown = new Error('in the callback');
    assert.throws(
      () =>
        lock.runExclusiveSync(() => {
          throw thrown;
        }),
      (error) => error === thrown,
    );
    assert.equal(lock.locked(), false);
  });

  it('shows its state to console.log', () => {
    const lock = new mp.RLock();
    assert.equal(inspect(lock), 'RLock { locked: false, abandoned: false }');
    lock.acquireSync();
    lock.acquireSync();
    assert.equal(
      inspect(lock),
      "RLock { locked: true, owner: 'this thread', count: 2, abandoned: false }",
    );
    lock.release();
    lock.release();
  });
});
