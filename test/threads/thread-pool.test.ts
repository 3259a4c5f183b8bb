// ThreadPool: what a pool promises, with threads as workers. What Pool and it have in common is tested
// with processes.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import * as targets from './targets';

describe('ThreadPool', () => {
  it('maps, applies and iterates in threads of this process', async () => {
    await using pool = new mp.ThreadPool(2);
    const inputs = Array.from({ length: 20 }, (_, i) => i);
    const squares = inputs.map((x) => x * x);
    assert.deepEqual(await within('map', pool.map(targets.square, inputs)), squares);
    const { pid, name, isMain } = await within('apply', pool.apply(targets.whoAmI));
    assert.deepEqual([pid, isMain], [process.pid, false]);
    assert.match(name, /^ThreadPoolWorker-[12]$/);
    const seen: number[] = [];
    for await (const square of pool.imap(targets.square, inputs)) seen.push(square);
    assert.deepEqual(seen, squares);
    const result = pool.applyAsync(targets.square, [7]);
    assert.equal(await within('get', result.get()), 49);
  });

  it('errors of tasks come back as their class', async () => {
    await using pool = new mp.ThreadPool(1);
    await assert.rejects(within('apply', pool.apply(targets.throws)), RangeError);
    assert.equal(await within('the next', pool.apply(targets.square, [3])), 9);
  });

  it('a thread that ends in a task rejects that one, and is replaced', async () => {
    await using pool = new mp.ThreadPool(1);
    const lost = pool.apply(targets.exit, [3]);
    const next = pool.apply(targets.square, [4]);
    await assert.rejects(within('the lost', lost), (error: mp.WorkerLostError) => {
      assert.ok(error instanceof mp.WorkerLostError);
      assert.deepEqual([error.pid, error.exitCode, error.signal], [null, 3, null]);
      return true;
    });
    assert.equal(await within('the next', next), 16);
  });

  it('a timeout ends an endless loop, and that thread only', async () => {
    await using pool = new mp.ThreadPool(1);
    assert.equal(await within('a first', pool.apply(targets.square, [2])), 4);
    const loop = pool.apply(targets.loopForEver, [], { timeout: 50 });
    await assert.rejects(within('the loop', loop), mp.TimeoutError);
    assert.equal(await within('the next', pool.apply(targets.square, [5])), 25);
  });

  it('close() and join() let the tasks end; terminate() does not', async () => {
    const pool = new mp.ThreadPool(1);
    const result = pool.applyAsync(targets.square, [6]);
    pool.close();
    await within('the end', pool.join());
    assert.equal(await result.get(), 36);
    const other = new mp.ThreadPool(1);
    const loop = other.apply(targets.loopForEver);
    other.terminate();
    await assert.rejects(within('the loop', loop));
    await within('the end', other.join());
  });

  it('is mp.dummy’s Pool, and has neither start method nor memory of its own', () => {
    assert.equal(mp.dummy.Pool, mp.ThreadPool);
    assert.throws(() => new mp.ThreadPool(1, { context: 'spawn' } as never), TypeError);
    assert.throws(() => new mp.ThreadPool(1, { maxMemory: 1e9 } as never), TypeError);
    assert.throws(() => new mp.ThreadPool(0), RangeError);
  });
});
