// Group F of CPython's behaviours: executors whose workers are threads. What all executors do is
// tested in test/pool.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import { Stop } from '../pool/executors';
import { upTo } from '../pool/pools';
import * as tasks from '../pool/tasks';
import { whoAmI } from './targets';

const { ThreadPoolExecutor } = mp.futures;

describe('ThreadPoolExecutor and its threads', () => {
  it('runs calls in threads of this process, named after it', async () => {
    await using first = new ThreadPoolExecutor(1);
    await using second = new ThreadPoolExecutor(1);
    await using named = new ThreadPoolExecutor(2, { threadNamePrefix: 'fetch' });
    const stop = new Stop();
    const calls = upTo(2).map(() => named.submit(tasks.workerAt, ...stop.args));
    await stop.isReached(2);
    const names = mp.threading.enumerate().map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.startsWith('fetch')),
      ['fetch_0', 'fetch_1'],
    );
    stop.release(2);
    await within('the calls', Promise.all(calls));
    const found = await within('a call', Promise.all([first, second].map((e) => e.submit(whoAmI))));
    const numbers = found.map(({ name }) => Number(/^ThreadPoolExecutor-(\d+)_0$/.exec(name)![1]));
    assert.equal(numbers[1], numbers[0]! + 1);
    assert.deepEqual(
      found.map(({ pid, isMain }) => [pid, isMain]),
      [
        [process.pid, false],
        [process.pid, false],
      ],
    );
  });

  it('has four threads more than there are processors, at most 32, by default', async () => {
    await using executor = new ThreadPoolExecutor();
    const usual = Math.min(mp.cpuCount() + 4, 32);
    assert.match(inspect(executor), new RegExp(`maxWorkers: ${String(usual)} `));
  });

  it('a call that ends its thread is lost, and breaks nothing', async () => {
    await using executor = new ThreadPoolExecutor(1);
    const lost = executor.submit(tasks.exit, 3);
    const next = executor.submit(tasks.square, 4);
    const error = await within('the error', lost.exception());
    assert.ok(error instanceof mp.WorkerLostError);
    assert.deepEqual([error.pid, error.exitCode, error.signal], [null, 3, null]);
    assert.equal(await within('the next', next), 16);
  });

  it('works in a thread, and in a process', async () => {
    const thread = new mp.threading.Thread({ target: tasks.executorHere, args: [5] });
    await thread.start();
    assert.equal(await within('the thread', thread.result()), 25);
    await within('the thread to end', thread.join());
    const child = new mp.Process({ target: tasks.executorHere, args: [6] });
    await child.start();
    assert.equal(await within('the child', child.result()), 36);
    await within('the child to end', child.join());
  });

  it('has neither a start method nor processes to end', () => {
    assert.throws(() => new ThreadPoolExecutor(1, { mpContext: 'spawn' } as never), TypeError);
    assert.throws(() => new ThreadPoolExecutor(1, { threadNamePrefix: 5 as never }), TypeError);
    assert.equal('killWorkers' in ThreadPoolExecutor.prototype, false);
    assert.equal(mp.getContext('spawn').futures.ThreadPoolExecutor, ThreadPoolExecutor);
  });
});
