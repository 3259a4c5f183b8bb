// Group F of CPython's behaviours: the workers of executors of every kind, and their end.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';
import { until, within } from '../helpers/watchdog';
import { allOf, forEachExecutor, Stop } from './executors';
import { upTo } from './pools';
import * as tasks from './tasks';

/** The workers of all pools of this process. */
const workers = (): number =>
  mp.activeChildren().filter(({ name }) => name.includes('PoolWorker')).length +
  mp.threading.enumerate().filter(({ name }) => name.startsWith('ThreadPoolExecutor')).length;

/** Those of earlier tests have ended, or are about to. */
const noWorkers = async (): Promise<void> => until('no workers', () => workers() === 0);

forEachExecutor((make) => {
  it('refuses what is no number of workers, and unknown options', () => {
    for (const wrong of [0, -1, 1.5]) assert.throws(() => make(wrong), /maxWorkers/);
    assert.throws(() => make('2' as never), TypeError);
    assert.throws(() => make(1, { max: 1 } as never), /it takes .*initializer/);
    assert.throws(() => make(1, { initializer: 5 as never }), TypeError);
  });

  it('starts workers when there are calls for them, and uses idle ones again', async () => {
    await using executor = make(3);
    await noWorkers();
    const seen = new Set<string>();
    for (const i of upTo(5)) seen.add(await within(`call ${i}`, executor.submit(tasks.worker)));
    assert.equal(seen.size, 1);
    assert.equal(workers(), 1);
  });

  it('never has more calls running than workers', async () => {
    await using executor = make(3);
    const stop = new Stop();
    const futures = upTo(45).map(() => executor.submit(tasks.workerAt, ...stop.args));
    await stop.isReached(3);
    assert.equal(stop.hasAnother, false);
    stop.release(45);
    assert.equal(new Set(await within('all', Promise.all(futures))).size, 3);
  });

  // Regression: when the first worker was at its ring just as the second became ready, what the first
  // had beyond its call stayed there, and the second idle. One in twenty did.
  it('a call does not wait behind another while a worker has nothing to do', async () => {
    for (const round of upTo(10)) {
      await using executor = make(2);
      const stop = new Stop();
      const both = upTo(2).map(() => executor.submit(tasks.workerAt, ...stop.args));
      await stop.isReached(2);
      stop.release(2);
      await within(`round ${round}`, Promise.all(both));
    }
  });

  it('calls the initializer once in each worker', async () => {
    await using executor = make(2, { initializer: tasks.remember, initargs: ['initialized'] });
    const stop = new Stop();
    const both = upTo(2).map(() => executor.submit(tasks.workerAt, ...stop.args));
    await stop.isReached(2);
    stop.release(2);
    await within('both', Promise.all(both));
    for (const i of upTo(6)) {
      assert.equal(await within(`call ${i}`, executor.submit(tasks.remembered)), 'initialized');
    }
  });

  it('an initializer that fails breaks it', async () => {
    const executor = make(1, { initializer: tasks.failingInitializer });
    const { BrokenExecutor, BrokenProcessPool, BrokenThreadPool } = mp.futures;
    const isProcesses = executor instanceof mp.futures.ProcessPoolExecutor;
    const futures = upTo(3).map((i) => executor.submit(tasks.square, i));
    for (const future of futures) {
      const error = (await within('the error', future.exception())) as Error;
      assert.ok(error instanceof (isProcesses ? BrokenProcessPool : BrokenThreadPool));
      assert.ok(error instanceof BrokenExecutor);
      assert.ok(error.cause instanceof RangeError);
    }
    assert.throws(() => executor.submit(tasks.square, 1), BrokenExecutor);
    assert.throws(() => executor.map(tasks.square, [1]), BrokenExecutor);
    await within('the end', executor.shutdown());
  });

  it('shutdown() waits for what was submitted; then nothing is taken', async () => {
    const executor = make();
    const futures = upTo(50).map((i) => executor.submit(tasks.squareLater, i));
    const mapped = executor.map(tasks.square, upTo(20));
    await within('the end', executor.shutdown());
    assert.ok(futures.every((future) => future.done()));
    assert.equal(await futures[49]!, 49 ** 2);
    assert.deepEqual(await allOf(mapped), [upTo(20).map(tasks.square)]);
    for (const call of [
      () => executor.submit(tasks.square, 1),
      () => executor.map(tasks.square, [1]),
    ]) {
      assert.throws(call, (error: Error) => {
        return error instanceof mp.ClosedError && error.message.includes('after shutdown');
      });
    }
    await within('another', executor.shutdown());
  });

  for (const wait of [true, false]) {
    it(`shutdown({ wait: ${String(wait)}, cancelFutures: true }) cancels what has not begun`, async () => {
      const executor = make();
      const stop = new Stop();
      const futures = upTo(50).map(() => executor.submit(tasks.workerAt, ...stop.args));
      await stop.isReached(2);
      const ends = executor.shutdown({ wait, cancelFutures: true });
      const cancelled = futures.filter((future) => future.cancelled());
      assert.equal(cancelled.length, 48);
      stop.release(2);
      await within('the end', ends);
      await within('the others', executor.shutdown());
      assert.ok(futures.every((future) => future.done()));
    });
  }

  it('shutdown({ wait: false }) returns at once; the work is done nevertheless', async () => {
    await noWorkers();
    const executor = make();
    const stop = new Stop();
    const futures = upTo(5).map(() => executor.submit(tasks.workerAt, ...stop.args));
    await stop.isReached(2);
    await within('the call', executor.shutdown({ wait: false }));
    assert.equal(futures.filter((future) => future.done()).length, 0);
    stop.release(5);
    await within('the work', Promise.all(futures));
    await until('the workers to end', () => workers() === 0);
  });

  it('shutdown() right after a call that was cancelled ends', async () => {
    const executor = make(1);
    executor.submit(tasks.square, 1).cancel();
    await within('the end', executor.shutdown());
    await within('the end of an unused one', make().shutdown());
  });

  it('`await using` waits, and ends its workers', async () => {
    await noWorkers();
    let futures: mp.futures.Future[];
    {
      await using executor = make(3);
      const stop = new Stop();
      futures = upTo(3).map(() => executor.submit(tasks.workerAt, ...stop.args));
      await stop.isReached(3);
      futures.push(...upTo(30).map((i) => executor.submit(tasks.squareLater, i)));
      stop.release(3);
      assert.equal(workers(), 3);
    }
    assert.ok(futures.every((future) => future.done()));
    assert.equal(workers(), 0);
  });

  it('one that was dropped ends when its calls are done', async () => {
    await noWorkers();
    const submit = (): mp.futures.Future<number>[] => {
      const executor = make();
      return upTo(4).map((i) => executor.submit(tasks.squareLater, i));
    };
    const results = submit();
    assert.deepEqual(await within('the results', Promise.all(results)), [0, 1, 4, 9]);
    for (let i = 0; workers() > 0 && i < 500; i += 1) {
      await collectGarbage();
      await tasks.sleep(10);
    }
    assert.equal(workers(), 0);
  });

  it('shows its state', async () => {
    const executor = make(3);
    const { name } = executor.constructor;
    assert.equal(inspect(executor), `${name} { state: running, maxWorkers: 3 }`);
    await executor.shutdown();
    assert.equal(inspect(executor), `${name} { state: closed, maxWorkers: 3 }`);
  });
});
