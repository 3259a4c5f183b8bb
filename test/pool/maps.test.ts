// Pool: many calls at once, by every start method (group O of CPython's behaviours).
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog';
import { forEachKind, upTo } from './pools';
import * as tasks from './tasks';

/** All that an iterator gives, with the messages of errors in their places. */
async function outcomesOf(iterator: mp.ImapIterator<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (;;) {
    try {
      const { done, value } = await iterator.next();
      if (done === true) return seen;
      seen.push(value);
    } catch (error) {
      seen.push((error as Error).message);
    }
  }
}

forEachKind('Pool, many calls', (pools) => {
  it('map() keeps the order, for any size of chunks', async () => {
    const items = upTo(1000);
    const expected = items.map(tasks.square);
    assert.deepEqual(await within('map', pools.pool.map(tasks.square, items)), expected);
    for (const chunksize of [1, 7, 1000, 5000]) {
      const values = await within('map', pools.pool.map(tasks.square, items, { chunksize }));
      assert.deepEqual(values, expected);
    }
    assert.deepEqual(await within('map', pools.pool.map(tasks.squareLater, [1, 2, 3])), [1, 4, 9]);
    assert.deepEqual(await within('map', pools.pool.map(tasks.same, ['a', [1], null])), [
      'a',
      [1],
      null,
    ]);
  });

  it('map() takes iterables of every kind', async () => {
    function* numbers(): Generator<number> {
      yield* [1, 2, 3];
    }
    async function* later(): AsyncGenerator<number> {
      for (const i of [1, 2, 3]) {
        await Promise.resolve();
        yield i;
      }
    }
    for (const items of [numbers(), later(), new Set([1, 2, 3]), Int8Array.of(1, 2, 3)]) {
      assert.deepEqual(await within('map', pools.pool.map(tasks.square, items)), [1, 4, 9]);
    }
    assert.deepEqual(await within('map', pools.pool.map(tasks.square, [])), []);
    for (const chunksize of [1, 5]) {
      assert.deepEqual(await pools.pool.mapAsync(tasks.square, [], { chunksize }), []);
    }
    await assert.rejects(pools.pool.map(tasks.square, 5 as unknown as number[]), TypeError);
    for (const chunksize of [0, -1, 0.5]) {
      await assert.rejects(pools.pool.map(tasks.square, [1], { chunksize }), RangeError);
      assert.throws(() => pools.pool.imap(tasks.square, [1], { chunksize }), RangeError);
    }
  });

  it('an input that throws rejects map()', async () => {
    function* broken(): Generator<number> {
      yield 1;
      throw new Error('the input is broken');
    }
    async function* brokenLater(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
      throw new Error('the input is broken');
    }
    await assert.rejects(pools.pool.map(tasks.square, broken()), (error: Error) => {
      return error.message === 'the input is broken' && error.cause === undefined;
    });
    await assert.rejects(pools.pool.map(tasks.square, brokenLater()), /input is broken/);
  });

  it('map() runs all chunks before it rejects with the error', async () => {
    const counter = new mp.Value('i', 0);
    const items = upTo(40).map((i): [mp.Value<'i'>, number] => [counter, i]);
    await assert.rejects(pools.pool.starmap(tasks.countOrFail, items, { chunksize: 1 }), /at 3/);
    assert.equal(counter.value, 40);
  });

  it('mapAsync(), starmap() and starmapAsync() do the same', async () => {
    const got: unknown[] = [];
    const errors: unknown[] = [];
    const result = pools.pool.mapAsync(tasks.square, [1, 2], { callback: (v) => got.push(v) });
    assert.deepEqual(await within('the result', result.get()), [1, 4]);
    assert.deepEqual(got, [[1, 4]]);
    const pairs: [number, number][] = [
      [1, 2],
      [3, 4],
    ];
    for (const chunksize of [undefined, 1, 2]) {
      const sums = pools.pool.starmap(tasks.add, pairs, { chunksize });
      assert.deepEqual(await within('starmap', sums), [3, 7]);
    }
    assert.deepEqual(
      await within('starmapAsync', pools.pool.starmapAsync(tasks.add, pairs)),
      [3, 7],
    );
    const failed = pools.pool.mapAsync(tasks.fail, ['x'], {
      errorCallback: (error) => errors.push(error),
    });
    assert.equal(await within('the end', failed.wait()), true);
    assert.equal(failed.successful(), false);
    assert.equal(errors.length, 1);
  });

  it('map() tells how far it is', async () => {
    const seen: [number, number][] = [];
    await within(
      'map',
      pools.pool.map(tasks.square, upTo(10), {
        chunksize: 3,
        onProgress: (done, all) => seen.push([done, all]),
      }),
    );
    assert.equal(seen.length, 4);
    assert.deepEqual(seen.at(-1), [10, 10]);
  });

  it('map() makes chunks by how long items take', async () => {
    const chunksOf = async (fn: (x: number) => unknown, count: number): Promise<number> => {
      const before = pools.pool.stats().completed;
      await within('map', pools.pool.map(fn, upTo(count)), 20_000);
      return pools.pool.stats().completed - before;
    };
    // Twice, for the first time it has to find out.
    for (const chunks of [1000, 300]) {
      const made = await chunksOf(tasks.square, 20_000);
      assert.ok(made < chunks, `${made} chunks of short items`);
    }
    await chunksOf(tasks.squareSlowly, 40);
    assert.equal(await chunksOf(tasks.squareSlowly, 40), 40);
  });

  it('the timeout of map() is that of each item', async () => {
    const options = { timeout: 1000, chunksize: 60 };
    const values = pools.pool.map(tasks.squareSlowly, upTo(120), options);
    assert.deepEqual(await within('map', values, 20_000), upTo(120).map(tasks.square));
    const stuck = pools.pool.map(tasks.loopAtThree, upTo(6), { timeout: 50, chunksize: 6 });
    await assert.rejects(within('map', stuck), mp.TimeoutError);
  });

  it('the signal of map() ends it, with what runs', async () => {
    const [running, goOn] = [new mp.Semaphore(0), new mp.Semaphore(0)];
    const controller = new AbortController();
    const items = Array.from({ length: 50 }, () => [running, goOn] as [mp.Semaphore, mp.Semaphore]);
    const options = { signal: controller.signal, chunksize: 1 };
    const values = pools.pool.map(tasks.meetIn, items, options);
    await within('an item to run', running.acquire());
    controller.abort(new Error('enough'));
    await assert.rejects(within('map', values), /enough/);
    assert.equal(await within('a task', pools.pool.apply(tasks.square, [3])), 9);
    await until('all to have ended', () => pools.pool.stats().outstanding === 0);
  });

  it('the signal of imap() raises its reason', async () => {
    const controller = new AbortController();
    const iterator = pools.pool.imap(tasks.loopAtThree, upTo(6), { signal: controller.signal });
    for (const i of upTo(3)) assert.equal((await within('an item', iterator.next())).value, i * i);
    const next = iterator.next();
    controller.abort(new Error('enough'));
    await assert.rejects(within('the item', next), /enough/);
    await iterator.return();
  });

  it('imap() gives results in order, imapUnordered() as they come', async () => {
    const values: number[] = [];
    for await (const value of pools.pool.imap(tasks.square, upTo(100))) values.push(value);
    assert.deepEqual(values, upTo(100).map(tasks.square));
    const any: number[] = [];
    for await (const value of pools.pool.imapUnordered(tasks.square, upTo(100), { chunksize: 9 })) {
      any.push(value);
    }
    assert.deepEqual(
      any.sort((a, b) => a - b),
      upTo(100).map(tasks.square),
    );
  });

  it('imap() reads no more of its input than its buffer holds', async () => {
    let read = 0;
    function* endless(): Generator<number> {
      for (;;) yield read++;
    }
    const iterator = pools.pool.imap(tasks.square, endless(), { buffersize: 5 });
    for (const i of upTo(20)) {
      assert.deepEqual(await within('an item', iterator.next()), { done: false, value: i * i });
      assert.ok(read <= i + 1 + 5, `${read} read after ${i}`);
    }
    await iterator.return();
    const before = read;
    assert.equal((await iterator.next()).done, true);
    assert.equal(read, before);
  });

  it('imap() raises an error at its place and goes on', async () => {
    for (const chunksize of [1, 3]) {
      const iterator = pools.pool.imap(tasks.failAtThree, upTo(6), { chunksize });
      const seen = await within('all items', outcomesOf(iterator));
      assert.deepEqual(seen, [0, 1, 2, 'at 3', 4, 5]);
    }
  });

  it('imap() raises what its input throws, behind the rest', async () => {
    function* broken(): Generator<number> {
      yield 1;
      yield 2;
      throw new Error('the input is broken');
    }
    async function* brokenLater(): AsyncGenerator<number> {
      await Promise.resolve();
      yield* broken();
    }
    for (const input of [broken(), brokenLater()]) {
      const iterator = pools.pool.imap(tasks.square, input);
      assert.equal((await within('an item', iterator.next())).value, 1);
      assert.equal((await within('an item', iterator.next())).value, 4);
      await assert.rejects(iterator.next(), /input is broken/);
      assert.equal((await iterator.next()).done, true);
      const any = pools.pool.imapUnordered(tasks.square, broken(), { chunksize: 2 });
      const seen = await within('all items', outcomesOf(any));
      assert.deepEqual(seen, [1, 4, 'the input is broken']);
    }
  });

  it('next() of imap() may time out; the item can still be asked for', async () => {
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const iterator = pools.pool.imap(tasks.meetIn, [[running, goOn]]);
    await within('the task to run', running.acquire());
    await assert.rejects(iterator.next({ timeout: 1 }), mp.TimeoutError);
    goOn.release();
    assert.equal(typeof (await within('the item', iterator.next())).value, 'number');
  });
});
