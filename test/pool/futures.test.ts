// Group F of CPython's behaviours: futures and their executors, by every start method.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog';
import { upTo } from './pools';
import * as tasks from './tasks';

const { Future } = mp.futures;

describe('Future', () => {
  const failed = (): mp.futures.Future => {
    const future = new Future();
    future.setException(new RangeError('no'));
    return future;
  };

  it('has a state and an outcome', async () => {
    const future = new Future<number>();
    assert.deepEqual([future.done(), future.running(), future.cancelled()], [false, false, false]);
    await assert.rejects(future.result({ timeout: 0 }), mp.TimeoutError);
    await assert.rejects(future.exception({ timeout: 0 }), mp.TimeoutError);
    assert.equal(future.setRunningOrNotifyCancel(), true);
    assert.equal(future.running(), true);
    assert.equal(future.cancel(), false);
    const waits = future.result();
    future.setResult(42);
    assert.equal(await within('the result', waits), 42);
    assert.equal(await future, 42);
    assert.equal(await future.exception(), undefined);
    assert.equal(future.done(), true);
    await assert.rejects(failed().result(), RangeError);
    assert.ok((await failed().exception()) instanceof RangeError);
  });

  it('may be cancelled while it is pending', async () => {
    const future = new Future();
    const waits = future.result();
    assert.equal(future.cancel(), true);
    assert.equal(future.cancel(), true);
    assert.equal(future.cancelled(), true);
    assert.equal(future.setRunningOrNotifyCancel(), false);
    await assert.rejects(within('the result', waits), mp.futures.CancelledError);
    await assert.rejects(future.exception(), mp.futures.CancelledError);
  });

  it('has one outcome', () => {
    const future = new Future();
    future.setResult(1);
    assert.throws(() => {
      future.setResult(2);
    }, mp.futures.InvalidStateError);
    assert.throws(() => {
      future.setException(new Error('late'));
    }, /finished/);
  });

  it('calls its callbacks in order, also after one that throws, and late ones at once', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const seen: unknown[] = [];
    const future = new Future<number>();
    future.addDoneCallback((done) => seen.push(done === future));
    future.addDoneCallback(() => {
      throw new Error('in a callback');
    });
    future.addDoneCallback(() => seen.push(2));
    future.setResult(1);
    future.addDoneCallback(() => seen.push(3));
    assert.deepEqual(seen, [true, 2, 3]);
    assert.match((await within('the warning', warned)).message, /in a callback/);
  });

  it('shows its state', () => {
    const future = new Future();
    assert.equal(inspect(future), 'Future { state: pending }');
    future.setResult(5);
    assert.equal(inspect(future), 'Future { state: finished, returned number }');
    assert.equal(inspect(failed()), 'Future { state: finished, raised RangeError }');
  });

  it('wait() and asCompleted() take those that are done and those that are not', async () => {
    const futures = upTo(4).map(() => new Future<number>());
    futures[0]!.setResult(0);
    const first = await mp.futures.wait([...futures, futures[0]!], {
      returnWhen: mp.futures.FIRST_COMPLETED,
    });
    assert.deepEqual([first.done.size, first.notDone.size], [1, 3]);
    const late = await mp.futures.wait(futures, { timeout: 1 });
    assert.equal(late.notDone.size, 3);
    const throws = mp.futures.wait(futures, { returnWhen: mp.futures.FIRST_EXCEPTION });
    futures[1]!.setException(new Error('no'));
    assert.equal((await within('the exception', throws)).done.size, 2);
    const seen: unknown[] = [];
    const iterator = mp.futures.asCompleted(futures, { timeout: 20 });
    await assert.rejects(
      within(
        'the timeout',
        (async () => {
          for await (const future of iterator) seen.push(future);
        })(),
      ),
      /2 \(of 4\) futures unfinished/,
    );
    assert.deepEqual(seen, [futures[0], futures[1]]);
    const all = mp.futures.wait(futures);
    futures[2]!.cancel();
    futures[3]!.setResult(3);
    assert.equal((await within('all', all)).done.size, 4);
  });
});

for (const method of mp.getAllStartMethods()) {
  describe(`ProcessPoolExecutor, ${method}`, () => {
    const make = (workers = 2, options: mp.futures.ExecutorOptions = {}) =>
      new mp.futures.ProcessPoolExecutor(workers, { mpContext: method, ...options });

    it('submit() and map() call functions; errors are the futures’ own', async () => {
      await using executor = make();
      assert.equal(await within('a result', executor.submit(tasks.add, 2, 8)), 10);
      const failing = executor.submit(tasks.fail, 'no');
      assert.ok((await within('the error', failing.exception())) instanceof RangeError);
      const bad = executor.submit(tasks.same, Symbol('no'));
      assert.ok((await within('the error', bad.exception())) instanceof mp.NotCloneableError);
      const sums: unknown[] = [];
      for await (const sum of executor.map(tasks.add, [1, 2, 3], [10, 20])) sums.push(sum);
      assert.deepEqual(sums, [11, 22]);
      await assert.rejects(
        within(
          'the error',
          (async () => {
            for await (const i of executor.map(tasks.failAtThree, upTo(6))) sums.push(i);
          })(),
        ),
        /at 3/,
      );
      assert.deepEqual(sums, [11, 22, 0, 1, 2]);
    });

    it('starts workers when there are calls for them, and uses idle ones again', async () => {
      await using executor = make(3);
      const pids = new Set<number>();
      for (const i of upTo(5)) pids.add(await within(`call ${i}`, executor.submit(tasks.pid)));
      assert.equal(pids.size, 1);
    });

    it('cancel() takes a call back that has not begun, never one that has', async () => {
      await using executor = make(1);
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const first = executor.submit(tasks.meet, running, goOn);
      await within('the call to run', running.acquire());
      const others = upTo(3).map((i) => executor.submit(tasks.square, i));
      assert.equal(first.running(), true);
      assert.equal(first.cancel(), false);
      assert.deepEqual(
        others.map((future) => future.cancel()),
        [true, true, true],
      );
      goOn.release();
      assert.equal(typeof (await within('the first', first)), 'number');
    });

    it('shutdown() finishes what was submitted, or cancels what has not begun', async () => {
      const executor = make();
      const futures = upTo(20).map((i) => executor.submit(tasks.squareLater, i));
      await within('the end', executor.shutdown());
      assert.ok(futures.every((future) => future.done()));
      assert.throws(() => executor.submit(tasks.square, 1), /after shutdown/);
      const other = make();
      const many = upTo(50).map((i) => other.submit(tasks.squareLater, i));
      await within('the end', other.shutdown({ cancelFutures: true }));
      assert.ok(many.every((future) => future.done()));
      assert.ok(many.filter((future) => future.cancelled()).length > 20);
    });

    it('a worker that is killed breaks it, and every future that is not done', async () => {
      const executor = make();
      const running = new mp.Semaphore(0);
      const waits = executor.submit(tasks.meet, running, new mp.Semaphore(0));
      await within('the call to run', running.acquire());
      const killed = executor.submit(tasks.kill, 'SIGKILL');
      for (const future of [waits, killed]) {
        await assert.rejects(within('the error', future), mp.futures.BrokenProcessPool);
      }
      assert.throws(() => executor.submit(tasks.square, 1), mp.futures.BrokenProcessPool);
      await within('the end', executor.shutdown());
    });

    it('an initializer that fails breaks it', async () => {
      const executor = make(1, { initializer: tasks.failingInitializer });
      const future = executor.submit(tasks.square, 1);
      await assert.rejects(within('the error', future), (error: Error) => {
        assert.ok(error instanceof mp.futures.BrokenProcessPool);
        assert.ok(error.cause instanceof RangeError);
        return true;
      });
      await until('it to be broken', () => {
        try {
          executor.submit(tasks.square, 1);
          return false;
        } catch {
          return true;
        }
      });
    });
  });
}
