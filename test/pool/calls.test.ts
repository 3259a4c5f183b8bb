// Pool: single calls, by every start method (group O of CPython's behaviours).
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';
import { within } from '../helpers/watchdog';
import { codeOf, forEachKind, upTo } from './pools';
import * as tasks from './tasks';

forEachKind('Pool, single calls', (pools) => {
  it('apply() gives what the function returns, async or not', async () => {
    assert.equal(await within('a task', pools.pool.apply(tasks.square, [7])), 49);
    assert.equal(await within('a task', pools.pool.apply(tasks.squareLater, [7])), 49);
    assert.equal(await within('a task', pools.pool.apply(tasks.add, [1, 2])), 3);
    assert.notEqual(await within('a task', pools.pool.apply(tasks.worker)), tasks.worker());
  });

  it('apply() copies arguments and results of any kind', async () => {
    const cyclic: Record<string, unknown> = { list: [1, undefined, null, 2n, -0] };
    cyclic.self = cyclic;
    const args = [new Map([['k', new Set([1])]]), new Date(5), /x/gu, cyclic, 'ä€', NaN];
    assert.deepEqual(await within('the echo', pools.pool.apply(tasks.echo, args)), args);
    for (const value of [undefined, null, 1.5, -0, true, 'text', 12n, [1, 2], { a: 1 }]) {
      assert.deepEqual(await within('the echo', pools.pool.apply(tasks.same, [value])), value);
    }
  });

  it('shared objects are shared, typed arrays are copied', async () => {
    const shared = new mp.Array('d', 1000);
    await within('the task', pools.pool.apply(tasks.fill, [shared, 0.5]));
    assert.equal(tasks.total(shared), 500);
    const array = Float64Array.from(upTo(100_000));
    assert.equal(
      await within('the sum', pools.pool.apply(tasks.total, [array])),
      tasks.total(array),
    );
    const scaled = await within('the result', pools.pool.apply(tasks.scaled, [array, 2]));
    assert.deepEqual(scaled, tasks.scaled(array, 2));
    const bytes = Buffer.alloc(1_000_000, 7);
    assert.deepEqual(await within('the echo', pools.pool.apply(tasks.same, [bytes])), bytes);
  });

  it('arguments are those of the moment of the call', async () => {
    const list = [1];
    const results = upTo(20).map((i) => {
      list[0] = i;
      return pools.pool.applyAsync(tasks.same, [list]);
    });
    const values = await within('the results', Promise.all(results));
    assert.deepEqual(
      values,
      upTo(20).map((i) => [i]),
    );
  });

  it('applyAsync() gives an AsyncResult', async () => {
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const result = pools.pool.applyAsync(tasks.meet, [running, goOn]);
    await within('the task to run', running.acquire());
    assert.equal(result.ready(), false);
    assert.throws(() => result.successful(), codeOf('ERR_MP_NOT_READY'));
    assert.equal(await result.wait({ timeout: 1 }), false);
    await assert.rejects(result.get({ timeout: 1 }), mp.TimeoutError);
    const controller = new AbortController();
    const aborted = result.get({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    goOn.release();
    assert.equal(await within('the end', result.wait()), true);
    assert.equal(result.ready(), true);
    assert.equal(result.successful(), true);
    assert.equal(await result.get(), await result);
  });

  it('callbacks get the outcome; one that throws harms nobody', async () => {
    const got: unknown[] = [];
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const good = pools.pool.applyAsync(tasks.square, [3], {
      callback: (value) => got.push(value),
      errorCallback: () => got.push('wrong'),
    });
    const bad = pools.pool.applyAsync(tasks.fail, ['no'], {
      errorCallback: (error) => got.push((error as Error).message),
    });
    const thrower = pools.pool.applyAsync(tasks.square, [4], {
      callback: () => {
        throw new Error('in a callback');
      },
    });
    assert.equal(await within('the result', good.get()), 9);
    await within('the end', bad.wait());
    assert.equal(bad.successful(), false);
    assert.equal(await within('the result', thrower.get()), 16);
    assert.deepEqual(got.sort(), [9, 'no']);
    assert.match((await within('the warning', warned)).message, /in a callback/);
  });

  it('errors come as their class, with the remote stack as cause', async () => {
    await assert.rejects(pools.pool.apply(tasks.fail, ['boom']), (error: RangeError) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'boom');
      assert.deepEqual((error as unknown as { extra: unknown }).extra, [1]);
      assert.match(String((error.cause as Error).stack), /tasks\.(js|ts)/);
      return true;
    });
    await assert.rejects(pools.pool.apply(tasks.failKnown, [90]), (error: tasks.TeapotError) => {
      assert.ok(error instanceof tasks.TeapotError);
      assert.equal(error.degrees, 90);
      return true;
    });
    await assert.rejects(pools.pool.apply(tasks.failLater, ['later']), TypeError);
    for (const value of [undefined, null, 5, 'text', { a: 1 }]) {
      const thrown = await pools.pool.apply(tasks.failWith, [value]).then(
        () => assert.fail('it did not throw'),
        (error: unknown) => error,
      );
      assert.deepEqual(thrown, value);
    }
  });

  it('a result, or an error, that cannot be sent is a clear error', async () => {
    await assert.rejects(pools.pool.apply(tasks.unsendable), (error: Error) => {
      assert.ok(error instanceof mp.MaybeEncodingError);
      assert.match(error.message, /Error sending result.*Reason: .*callback/s);
      assert.ok(error.cause instanceof mp.MultiprocessingError);
      return true;
    });
    await assert.rejects(pools.pool.map(tasks.unsendable, [1, 2]), mp.MaybeEncodingError);
    await assert.rejects(pools.pool.apply(tasks.failUnsendable), (error: Error) => {
      assert.equal(error.name, 'TypeError');
      assert.equal(error.message, 'it failed');
      return true;
    });
  });

  it('results that cannot be sent lose no worker', async () => {
    await pools.renew();
    for (let i = 0; i < 20; i += 1) {
      await assert.rejects(pools.pool.apply(tasks.unsendable), mp.MaybeEncodingError);
    }
    assert.equal(pools.pool.stats().replaced, 0);
  });

  it('an error whose constructor throws here arrives nevertheless', async () => {
    const [error] = await within(
      'the error',
      Promise.allSettled([pools.pool.apply(tasks.failPicky)]),
    );
    assert.ok(error.status === 'rejected' && error.reason instanceof tasks.PickyError);
    assert.equal(error.reason.message, 'picky');
  });

  it('neither arguments nor results are held after a task', async () => {
    const seen: WeakRef<object>[] = [];
    const call = async (): Promise<void> => {
      const item = { an: 'item' };
      const results = await pools.pool.map(tasks.same, [item, item]);
      const single = await pools.pool.apply(tasks.same, [item]);
      seen.push(...[item, single, ...results].map((object) => new WeakRef(object as object)));
    };
    await within('the calls', call());
    await collectGarbage();
    assert.deepEqual(
      seen.map((ref) => ref.deref()),
      Array(4).fill(undefined),
    );
    await pools.renew(1);
    await within('a call', pools.pool.apply(tasks.look, [{ large: 'object' }]));
    assert.equal(await within('a call', pools.pool.apply(tasks.hasForgotten)), true);
    await pools.renew();
  });

  it('functions and arguments that cannot be sent are errors at the call', async () => {
    const closure = (): unknown => pools;
    await assert.rejects(pools.pool.apply(closure), mp.NotImportableError);
    assert.throws(() => pools.pool.applyAsync(closure), mp.NotImportableError);
    assert.throws(
      () => pools.pool.applyAsync(tasks.echo, [{ deep: [new Promise(() => undefined)] }]),
      (error: Error) => error instanceof mp.NotCloneableError && error.message.includes('args[0]'),
    );
    await assert.rejects(pools.pool.map(closure, [1]), mp.NotImportableError);
    for (const [chunksize, where] of [
      [1, 'items.slice(1)[0]'],
      [2, 'items[1]'],
    ] as const) {
      const mapped = pools.pool.map(tasks.same, [1, Symbol('no')], { chunksize });
      await assert.rejects(mapped, (error: Error) => error.message.startsWith(where));
    }
    const iterator = pools.pool.imap(tasks.same, [1, Symbol('no')]);
    await iterator.next();
    await assert.rejects(iterator.next(), /^NotCloneableError: items\[1\] cannot be sent/);
    assert.equal(await within('a task', pools.pool.apply(tasks.square, [2])), 4);
  });

  it('values that are nested too deeply are errors, on the way there and on the way back', async () => {
    // Before: half a minute for the one, for ever for the other.
    for (const levels of [20_000, 100_000]) {
      const sent = pools.pool.apply(tasks.same, [tasks.nested(levels)]);
      await assert.rejects(within('the call', sent), /args\[0\] cannot be sent.*too deeply/);
      const returned = pools.pool.apply(tasks.nested, [levels]);
      await assert.rejects(within('the task', returned), mp.MaybeEncodingError);
    }
    // What can be written down, perhaps cannot be read.
    for (const levels of [500, 2_000]) {
      const value = await within(
        'the task',
        pools.pool.apply(tasks.nested, [levels]).catch((error: unknown) => error),
      );
      if (!(value instanceof Error)) assert.deepEqual(Object.keys(value as object), ['value']);
      else assert.ok(value instanceof mp.NotCloneableError, String(value));
    }
  });

  it('what only means something here cannot be sent', async () => {
    const result = pools.pool.applyAsync(tasks.square, [2]);
    const iterator = pools.pool.imap(tasks.square, []);
    const executor = new mp.futures.ThreadPoolExecutor(1);
    const future = executor.submit(tasks.square, 2);
    for (const object of [result, iterator, executor, future, pools.pool]) {
      await assert.rejects(pools.pool.apply(tasks.same, [object]), mp.NotCloneableError);
      await assert.rejects(pools.pool.apply(tasks.same, [[object]]), mp.NotCloneableError);
    }
    assert.deepEqual(await within('both', Promise.all([result, future])), [4, 4]);
    await executor.shutdown();
  });

  it('a timeout of 0 is over with the first line', async () => {
    for (const timeout of [0, -1]) {
      const call = pools.pool.apply(tasks.sleep, [10_000], { timeout });
      await assert.rejects(within('the call', call), mp.TimeoutError);
    }
  });

  it('functions by source and by name, and built-in ones, are called', async () => {
    const source = mp.functionSource((x: number) => x + 1);
    assert.equal(await within('a task', pools.pool.apply(source, [1])), 2);
    assert.equal(await within('a task', pools.pool.apply(Math.hypot, [3, 4])), 5);
    const named = mp.functionRef<(x: number) => number>(require.resolve('./tasks'), 'square');
    assert.equal(await within('a task', pools.pool.apply(named, [5])), 25);
    const wrong = mp.functionRef<() => void>(require.resolve('./tasks'), 'nonsense');
    await assert.rejects(pools.pool.apply(wrong), mp.NotImportableError);
  });
});
