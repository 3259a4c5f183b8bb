// A native wait without a timeout that was broken off: its thread is being terminated.
import assert from 'node:assert/strict';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import { Outcome } from '#internal/native/binding';
import { hasAcquired } from '#internal/sync/blocked';
import { turns, until } from '../helpers/watchdog.js';

const entered = 0;
const wentOn = 1;

if (isMainThread) {
  describe('a wait without a timeout that was broken off', () => {
    // Regression: termination is seen by the wait a moment before it reaches JavaScript. What ran
    // on believed that it held the lock: a waiter of a Condition gave back what it was granted, and
    // that notification was lost.
    it('does nothing of what comes next, while its thread is terminated', async () => {
      const cells = new Int32Array(new SharedArrayBuffer(8));
      const worker = new Worker(__filename, { workerData: cells });
      await until('the wait over', () => Atomics.load(cells, entered) === 1);
      await turns(20);
      await worker.terminate();
      assert.deepEqual([...cells], [1, 0]);
    });

    it('throws where nobody terminates the thread', () => {
      assert.throws(() => hasAcquired(Outcome.busy, Infinity), { code: 'ERR_MP_INTERNAL' });
    });

    it('is none when it has a timeout, or was successful', () => {
      assert.equal(hasAcquired(Outcome.busy, 5), false);
      assert.equal(hasAcquired(Outcome.acquired, Infinity), true);
    });
  });
} else {
  const cells = workerData as Int32Array;
  Atomics.store(cells, entered, 1);
  hasAcquired(Outcome.busy, Infinity);
  Atomics.store(cells, wentOn, 1);
}
