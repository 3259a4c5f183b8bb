// While two processes take and release a lock as fast as they can, a third gets it too.
//
// MP_FAIRNESS_WAITS sets the number of acquisitions that are measured.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { report, spread } from '../helpers/figures.js';
import { Party } from '../helpers/party.js';
import { isUntouched } from '../helpers/shared-words.js';
import { within } from '../helpers/watchdog.js';

const waits = Number(process.env.MP_FAIRNESS_WAITS ?? 100);
const boundMs = 1_000;

describe('two processes that hammer acquireSync()', function () {
  this.timeout(30_000 + waits * 100);
  let lock: mp.Lock;
  let stop: mp.Semaphore;
  let hammers: Party[];
  let hammering: Promise<unknown>[];

  beforeEach(async () => {
    lock = new mp.Lock();
    stop = new mp.Semaphore(0);
    hammers = await Promise.all([Party.start('process'), Party.start('process')]);
    hammering = hammers.map((party) => party.play('hammer', [lock, stop]));
  });
  afterEach(async () => {
    stop.release(2);
    await within('the hammers to stop', Promise.all(hammering));
    assert.ok(isUntouched(lock));
    await Promise.all(hammers.map((party) => party.end()));
  });

  /** Without it the third would mostly find the lock free, straight after its own release. */
  function untilHeld(): void {
    const deadline = performance.now() + boundMs;
    while (!lock.locked()) assert.ok(performance.now() < deadline, 'nobody hammers');
  }

  it(`let an awaiting third have it, ${waits} times`, async () => {
    const waitedMs: number[] = [];
    for (let i = 0; i < waits; i++) {
      untilHeld();
      const start = performance.now();
      assert.equal(await lock.acquire({ timeout: boundMs }), true);
      waitedMs.push(performance.now() - start);
      lock.release();
    }
    report(`awaiting: ${spread(waitedMs)}`);
  });

  it(`let a blocking third have it, ${waits} times`, () => {
    const waitedMs: number[] = [];
    for (let i = 0; i < waits; i++) {
      untilHeld();
      const start = performance.now();
      assert.equal(lock.acquireSync({ timeout: boundMs }), true);
      waitedMs.push(performance.now() - start);
      lock.release();
    }
    report(`blocking: ${spread(waitedMs)}`);
  });

  it('let a third have it whose waits come many at once', async () => {
    const results = await Promise.all(
      Array.from({ length: waits }, async () => {
        const acquired = await lock.acquire({ timeout: boundMs * 10 });
        if (acquired) lock.release();
        return acquired;
      }),
    );
    assert.ok(results.every(Boolean));
  });
});
