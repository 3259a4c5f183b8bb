// Group F of CPython's behaviours: what executors of every kind do with calls.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';
import { within } from '../helpers/watchdog';
import { allOf, forEachExecutor, Stop } from './executors';
import { upTo } from './pools';
import * as tasks from './tasks';

class KnownHere {
  readonly where = 'here';
}
mp.registerClass(KnownHere);

forEachExecutor((make, isForked) => {
  it('submit() gives a Future of what the function returns, or throws', async () => {
    await using executor = make();
    assert.equal(await within('a result', executor.submit(tasks.add, 2, 8)), 10);
    assert.equal(await within('a result', executor.submit(Math.pow, 2, 8).result()), 256);
    assert.equal(await within('a result', executor.submit(tasks.squareLater, 3)), 9);
    assert.deepEqual(await within('a result', executor.submit(tasks.echo)), []);
    const failing = executor.submit(tasks.fail, 'no');
    const error = await within('the error', failing.exception());
    assert.ok(error instanceof RangeError);
    assert.match(String((error.cause as Error).stack), /tasks\.(js|ts)/);
  });

  it('map() keeps no result that it has given (test_free_reference)', async () => {
    await using executor = make();
    const results = executor.map(tasks.echo, upTo(10));
    const given: WeakRef<object>[] = [];
    for (let i = 0; i < 9; i += 1) {
      const { value } = await within('a result', results.next());
      given.push(new WeakRef(value as object));
    }
    await collectGarbage();
    // The one that came last may be on the stack.
    assert.deepEqual(
      given.slice(0, -1).filter((result) => result.deref() !== undefined),
      [],
    );
    assert.deepEqual(await within('the last', results.next()), { done: false, value: [9] });
  });

  it('what cannot be sent is an error of that future; a function that cannot, of the call', async () => {
    await using executor = make();
    const bad = executor.submit(tasks.same, Symbol('no'));
    assert.ok((await within('the error', bad.exception())) instanceof mp.NotCloneableError);
    const result = executor.submit(tasks.unsendable);
    assert.ok((await within('the error', result.exception())) instanceof mp.MaybeEncodingError);
    assert.throws(() => executor.submit(() => make), mp.NotImportableError);
    assert.equal(await within('another', executor.submit(tasks.square, 3)), 9);
  });

  it('what cannot be read, here or there, is an error of that future', async () => {
    await using executor = make();
    const there = executor.submit(tasks.same, new KnownHere());
    // What is registered here is known in a process that is forked from this one.
    if (isForked) assert.ok((await within('an instance', there)) instanceof KnownHere);
    for (const future of [...(isForked ? [] : [there]), executor.submit(tasks.unknownInstance)]) {
      const error = await within('the error', future.exception());
      assert.equal((error as { code?: string }).code, 'ERR_MP_CLASS_UNKNOWN');
    }
    assert.equal(await within('another', executor.submit(tasks.square, 3)), 9);
  });

  it('map() takes an item of each iterable until the shortest ends, and keeps the order', async () => {
    function* endless(): Generator<number> {
      for (let i = 0; ; i += 1) yield i;
    }
    await using executor = make();
    const expected = upTo(50).map((i) => 2 * i);
    for (const chunksize of [1, 6, 40, 50, 99]) {
      const sums = executor.map(tasks.add, upTo(50), endless(), { chunksize });
      assert.deepEqual(await within('map', allOf(sums)), [expected]);
    }
    assert.deepEqual(await within('map', allOf(executor.map(tasks.square, []))), [[]]);
    assert.deepEqual(await within('map', allOf(executor.map(tasks.square))), [[]]);
    assert.deepEqual(await within('map', allOf(executor.map(tasks.same, 'äb'))), [['ä', 'b']]);
  });

  it('map() refuses what is no iterable, and unknown or wrong options', async () => {
    await using executor = make();
    async function* later(): AsyncGenerator<number> {
      yield Promise.resolve(1);
    }
    const wrong: unknown[][] = [
      [later()],
      [[1], later()],
      [5, [1]],
      [[1], { chunkSize: 1 }],
      [[1], { timeout: 'x' }],
    ];
    for (const args of wrong) {
      assert.throws(() => executor.map(tasks.add, ...(args as number[][])), TypeError);
    }
    for (const name of ['chunksize', 'buffersize']) {
      assert.throws(() => executor.map(tasks.square, [1], { [name]: 0 }), RangeError);
    }
    assert.throws(() => executor.map(() => make, [1]), mp.NotImportableError);
  });

  it('map() gives the first error at its place, and cancels the rest', async () => {
    await using executor = make(1);
    for (const chunksize of [1, 2, 10]) {
      const products = executor.map(tasks.failThird, upTo(40), upTo(40), { chunksize });
      assert.deepEqual(await within('map', allOf(products)), [[0, 1], 'at 2']);
    }
    const [stop, counter] = [new Stop(), new mp.Value('i', 0)];
    const blocks = executor.submit(tasks.workerAt, ...stop.args);
    await stop.isReached();
    const counts = executor.map(tasks.count, Array(9).fill(counter), { timeout: 0 });
    assert.match((await within('map', allOf(counts)))[1]!, /not done within/);
    stop.release();
    await within('the first', blocks);
    await within('another', executor.submit(tasks.square, 1));
    assert.equal(counter.value, 0);
  });

  it('the timeout of map() counts from the call; what is there before is given', async () => {
    await using executor = make();
    await within('the workers to start', allOf(executor.map(tasks.square, [1, 2])));
    const [open, stop] = [new Stop(), new Stop()];
    open.release(2);
    const [running, goOn] = [0, 1].map((i) => [open, open, stop].map(({ args }) => args[i]!));
    const results = executor.map(tasks.workerAt, running!, goOn!, { timeout: 300 });
    const [values, message] = await within('the time', allOf(results));
    assert.equal(values.length, 2);
    assert.match(message!, /not done within/);
    stop.release();
  });

  it('map() submits all at once, and with a buffersize no more than that ahead', async () => {
    const counter = new mp.Value('i', 0);
    const executor = make();
    executor.map(tasks.countAndAdd, Array(20).fill(counter), upTo(20));
    let read = 0;
    function* endless(): Generator<number> {
      for (;;) yield read++;
    }
    const results = executor.map(tasks.square, endless(), { buffersize: 5 });
    assert.equal(read, 5);
    for (const i of upTo(20)) {
      assert.equal((await within('a result', results.next())).value, i * i);
      assert.equal(read, Math.max(i + 1, 1) + 5);
    }
    await results.return();
    assert.equal((await results.next()).done, true);
    await within('the end', executor.shutdown());
    assert.equal(counter.value, 20);
  });

  it('map() does not hold what it has given, nor workers what they were', async () => {
    await using executor = make(1);
    const objects = executor.map(tasks.same, [{ a: 1 }, { b: 2 }, { c: 3 }]);
    const given = await (async () => {
      return new WeakRef((await within('an object', objects.next())).value as object);
    })();
    await collectGarbage();
    assert.equal(given.deref(), undefined);
    await within('a call', executor.submit(tasks.look, { large: 'object' }));
    assert.equal(await within('a call', executor.submit(tasks.hasForgotten)), true);
  });

  it('cancel() takes a call back that has not begun, never one that has', async () => {
    await using executor = make(1);
    const stop = new Stop();
    const first = executor.submit(tasks.workerAt, ...stop.args);
    await stop.isReached();
    const others = upTo(3).map((i) => executor.submit(tasks.square, i));
    assert.deepEqual([first.running(), first.done()], [true, false]);
    assert.equal(first.cancel(), false);
    assert.deepEqual(
      others.map((future) => future.cancel()),
      [true, true, true],
    );
    const told: boolean[] = [];
    others[0]!.addDoneCallback((future) => told.push(future.cancelled()));
    stop.release();
    await within('the first', first);
    assert.deepEqual([first.running(), first.done(), first.cancel()], [false, true, false]);
    assert.deepEqual(told, [true]);
  });

  it('thousands of calls at once are no trouble', async () => {
    await using executor = make();
    const futures = upTo(5000).map((i) => executor.submit(tasks.square, i));
    const { done } = await within('all', mp.futures.wait(futures));
    assert.equal(done.size, 5000);
    assert.equal(await futures[4999]!, 4999 ** 2);
  });
});
