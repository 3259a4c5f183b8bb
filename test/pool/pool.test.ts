// Group O of CPython's behaviours: pools, by every start method.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { until, within } from '../helpers/watchdog';
import * as tasks from './tasks';

const codeOf = (code: string) => (error: Error & { code?: string }) => error.code === code;
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

for (const method of mp.getAllStartMethods()) {
  describe(`Pool, ${method}`, () => {
    let pool: mp.Pool;

    const renewed = async (processes = 2, options: mp.PoolOptions = {}): Promise<mp.Pool> => {
      if ((pool as mp.Pool | undefined) !== undefined) await pool[Symbol.asyncDispose]();
      pool = new mp.Pool(processes, { context: method, ...options });
      return pool;
    };

    before(async () => {
      await renewed();
    });
    after(async () => {
      await within('the pool to end', pool[Symbol.asyncDispose]());
    });

    it('apply() gives what the function returns, async or not', async () => {
      assert.equal(await within('a task', pool.apply(tasks.square, [7])), 49);
      assert.equal(await within('a task', pool.apply(tasks.squareLater, [7])), 49);
      assert.equal(await within('a task', pool.apply(tasks.add, [1, 2])), 3);
      assert.notEqual(await within('a task', pool.apply(tasks.pid)), process.pid);
    });

    it('apply() copies arguments and results of any kind', async () => {
      const cyclic: Record<string, unknown> = { list: [1, undefined, null, 2n, -0] };
      cyclic.self = cyclic;
      const args = [new Map([['k', new Set([1])]]), new Date(5), /x/gu, cyclic, 'ä€', NaN];
      assert.deepEqual(await within('the echo', pool.apply(tasks.echo, args)), args);
      for (const value of [undefined, null, 1.5, -0, true, 'text', 12n, [1, 2], { a: 1 }]) {
        assert.deepEqual(await within('the echo', pool.apply(tasks.same, [value])), value);
      }
    });

    it('shared objects are shared, typed arrays are copied', async () => {
      const shared = new mp.Array('d', 1000);
      await within('the task', pool.apply(tasks.fill, [shared, 0.5]));
      assert.equal(tasks.total(shared), 500);
      const array = Float64Array.from(upTo(100_000));
      assert.equal(await within('the sum', pool.apply(tasks.total, [array])), tasks.total(array));
      const scaled = await within('the result', pool.apply(tasks.scaled, [array, 2]));
      assert.deepEqual(scaled, tasks.scaled(array, 2));
      const bytes = Buffer.alloc(1_000_000, 7);
      assert.deepEqual(await within('the echo', pool.apply(tasks.same, [bytes])), bytes);
    });

    it('arguments are those of the moment of the call', async () => {
      const list = [1];
      const results = upTo(20).map((i) => {
        list[0] = i;
        return pool.applyAsync(tasks.same, [list]);
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
      const result = pool.applyAsync(tasks.meet, [running, goOn]);
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
      const good = pool.applyAsync(tasks.square, [3], {
        callback: (value) => got.push(value),
        errorCallback: () => got.push('wrong'),
      });
      const bad = pool.applyAsync(tasks.fail, ['no'], {
        errorCallback: (error) => got.push((error as Error).message),
      });
      const thrower = pool.applyAsync(tasks.square, [4], {
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
      await assert.rejects(pool.apply(tasks.fail, ['boom']), (error: RangeError) => {
        assert.ok(error instanceof RangeError);
        assert.equal(error.message, 'boom');
        assert.deepEqual((error as unknown as { extra: unknown }).extra, [1]);
        assert.match(String((error.cause as Error).stack), /tasks\.(js|ts)/);
        return true;
      });
      await assert.rejects(pool.apply(tasks.failKnown, [90]), (error: tasks.TeapotError) => {
        assert.ok(error instanceof tasks.TeapotError);
        assert.equal(error.degrees, 90);
        return true;
      });
      await assert.rejects(pool.apply(tasks.failLater, ['later']), TypeError);
      for (const value of [undefined, null, 5, 'text', { a: 1 }]) {
        const thrown = await pool.apply(tasks.failWith, [value]).then(
          () => assert.fail('it did not throw'),
          (error: unknown) => error,
        );
        assert.deepEqual(thrown, value);
      }
    });

    it('a result, or an error, that cannot be sent is a clear error', async () => {
      await assert.rejects(pool.apply(tasks.unsendable), (error: Error) => {
        assert.ok(error instanceof mp.MaybeEncodingError);
        assert.match(error.message, /Error sending result.*Reason: .*callback/s);
        assert.ok(error.cause instanceof mp.MultiprocessingError);
        return true;
      });
      await assert.rejects(pool.map(tasks.unsendable, [1, 2]), mp.MaybeEncodingError);
      await assert.rejects(pool.apply(tasks.failUnsendable), (error: Error) => {
        assert.equal(error.name, 'TypeError');
        assert.equal(error.message, 'it failed');
        return true;
      });
    });

    it('functions and arguments that cannot be sent are errors at the call', async () => {
      const closure = (): unknown => pool;
      await assert.rejects(pool.apply(closure), mp.NotImportableError);
      assert.throws(() => pool.applyAsync(closure), mp.NotImportableError);
      assert.throws(
        () => pool.applyAsync(tasks.echo, [{ deep: [new Promise(() => undefined)] }]),
        (error: Error) => error instanceof mp.NotCloneableError && /args\[0\]/.test(error.message),
      );
      await assert.rejects(pool.map(closure, [1]), mp.NotImportableError);
      assert.equal(await within('a task', pool.apply(tasks.square, [2])), 4);
    });

    it('functions by source and by name, and built-in ones, are called', async () => {
      const source = mp.functionSource((x: number) => x + 1);
      assert.equal(await within('a task', pool.apply(source, [1])), 2);
      assert.equal(await within('a task', pool.apply(Math.hypot, [3, 4])), 5);
      const named = mp.functionRef<(x: number) => number>(require.resolve('./tasks'), 'square');
      assert.equal(await within('a task', pool.apply(named, [5])), 25);
      const wrong = mp.functionRef<() => void>(require.resolve('./tasks'), 'nonsense');
      await assert.rejects(pool.apply(wrong), mp.NotImportableError);
    });

    it('map() keeps the order, for any size of chunks', async () => {
      const items = upTo(1000);
      const expected = items.map(tasks.square);
      assert.deepEqual(await within('map', pool.map(tasks.square, items)), expected);
      for (const chunksize of [1, 7, 1000, 5000]) {
        const values = await within('map', pool.map(tasks.square, items, { chunksize }));
        assert.deepEqual(values, expected);
      }
      assert.deepEqual(await within('map', pool.map(tasks.squareLater, [1, 2, 3])), [1, 4, 9]);
      assert.deepEqual(await within('map', pool.map(tasks.same, ['a', [1], null])), [
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
        assert.deepEqual(await within('map', pool.map(tasks.square, items)), [1, 4, 9]);
      }
      assert.deepEqual(await within('map', pool.map(tasks.square, [])), []);
      await assert.rejects(pool.map(tasks.square, 5 as unknown as number[]), TypeError);
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
      await assert.rejects(pool.map(tasks.square, broken()), /input is broken/);
      await assert.rejects(pool.map(tasks.square, brokenLater()), /input is broken/);
    });

    it('map() runs all chunks before it rejects with the error', async () => {
      const counter = new mp.Value('i', 0);
      const items = upTo(40).map((i): [mp.Value<'i'>, number] => [counter, i]);
      await assert.rejects(pool.starmap(tasks.countOrFail, items, { chunksize: 1 }), /at 3/);
      assert.equal(counter.value, 40);
    });

    it('mapAsync(), starmap() and starmapAsync() do the same', async () => {
      const got: unknown[] = [];
      const errors: unknown[] = [];
      const result = pool.mapAsync(tasks.square, [1, 2], { callback: (v) => got.push(v) });
      assert.deepEqual(await within('the result', result.get()), [1, 4]);
      assert.deepEqual(got, [[1, 4]]);
      const pairs: [number, number][] = [
        [1, 2],
        [3, 4],
      ];
      assert.deepEqual(await within('starmap', pool.starmap(tasks.add, pairs)), [3, 7]);
      assert.deepEqual(await within('starmapAsync', pool.starmapAsync(tasks.add, pairs)), [3, 7]);
      const failed = pool.mapAsync(tasks.fail, ['x'], {
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
        pool.map(tasks.square, upTo(10), {
          chunksize: 3,
          onProgress: (done, all) => seen.push([done, all]),
        }),
      );
      assert.equal(seen.length, 4);
      assert.deepEqual(seen.at(-1), [10, 10]);
    });

    it('imap() gives results in order, imapUnordered() as they come', async () => {
      const values: number[] = [];
      for await (const value of pool.imap(tasks.square, upTo(100))) values.push(value);
      assert.deepEqual(values, upTo(100).map(tasks.square));
      const any: number[] = [];
      for await (const value of pool.imapUnordered(tasks.square, upTo(100), { chunksize: 9 })) {
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
      const iterator = pool.imap(tasks.square, endless(), { buffersize: 5 });
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
        const iterator = pool.imap(tasks.failAtThree, upTo(6), { chunksize });
        const seen: unknown[] = [];
        for (;;) {
          try {
            const { done, value } = await within('an item', iterator.next());
            if (done === true) break;
            seen.push(value);
          } catch (error) {
            seen.push((error as Error).message);
          }
        }
        assert.deepEqual(seen, [0, 1, 2, 'at 3', 4, 5]);
      }
    });

    it('imap() raises what its input throws, behind the rest', async () => {
      function* broken(): Generator<number> {
        yield 1;
        yield 2;
        throw new Error('the input is broken');
      }
      const iterator = pool.imap(tasks.square, broken());
      assert.equal((await within('an item', iterator.next())).value, 1);
      assert.equal((await within('an item', iterator.next())).value, 4);
      await assert.rejects(iterator.next(), /input is broken/);
      assert.equal((await iterator.next()).done, true);
    });

    it('next() of imap() may time out; the item can still be asked for', async () => {
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const iterator = pool.imap(tasks.meetIn, [[running, goOn]]);
      await within('the task to run', running.acquire());
      await assert.rejects(iterator.next({ timeout: 1 }), mp.TimeoutError);
      goOn.release();
      assert.equal(typeof (await within('the item', iterator.next())).value, 'number');
    });

    it('the worker goes on with timers between tasks', async () => {
      await renewed(1);
      await within('a task', pool.apply(tasks.startTimer));
      const before = await within('a task', pool.apply(tasks.timerCount));
      let now = before;
      await until('the timer to run', () => {
        void pool.apply(tasks.timerCount).then((count) => (now = count));
        return now > before;
      });
      await renewed();
    });

    it('as many tasks run at a time as there are workers', async () => {
      await renewed(3);
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const results = upTo(5).map(() => pool.applyAsync(tasks.meet, [running, goOn]));
      for (const _ of upTo(3)) await within('a task to run', running.acquire());
      assert.equal(running.tryAcquire(), false);
      goOn.release(5);
      const pids = await within('the results', Promise.all(results));
      assert.equal(new Set(pids).size, 3);
      await renewed();
    });

    it('a task behind a long one goes to a worker that is free', async () => {
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const long = pool.applyAsync(tasks.block, [running, goOn]);
      await within('the task to run', running.acquire());
      const others = upTo(50).map((i) => pool.apply(tasks.square, [i]));
      assert.deepEqual(await within('the others', Promise.all(others)), upTo(50).map(tasks.square));
      assert.equal(long.ready(), false);
      goOn.release();
      await within('the long one', long);
    });

    it('tasks of a higher priority come first', async () => {
      await renewed(1);
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const first = pool.applyAsync(tasks.meet, [running, goOn]);
      await within('the task to run', running.acquire());
      const order: string[] = [];
      const note = (name: string) => ({ callback: () => order.push(name) });
      const rest = [
        // The first of them is with the worker already.
        pool.applyAsync(tasks.pid, [], note('sent')),
        pool.applyAsync(tasks.pid, [], note('usual')),
        pool.applyAsync(tasks.pid, [], { ...note('low'), priority: -1 }),
        pool.applyAsync(tasks.pid, [], { ...note('high'), priority: 5 }),
      ];
      goOn.release();
      await within('the tasks', Promise.all([first, ...rest]));
      assert.deepEqual(order, ['sent', 'high', 'usual', 'low']);
      await renewed();
    });

    it('maxQueue bounds what waits', async () => {
      await renewed(1, { maxQueue: 2 });
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const first = pool.applyAsync(tasks.meet, [running, goOn]);
      await within('the task to run', running.acquire());
      const sent: mp.AsyncResult[] = [];
      assert.throws(() => {
        for (const i of upTo(10)) sent.push(pool.applyAsync(tasks.square, [i]));
      }, mp.QueueFullError);
      assert.ok(pool.stats().waiting <= 2);
      let hasRoom = false;
      const room = pool.room().then(() => (hasRoom = true));
      const waits = pool.apply(tasks.square, [9]);
      assert.equal(hasRoom, false);
      goOn.release();
      await within('room', room);
      assert.equal(await within('the task that waited', waits), 81);
      await within('the others', Promise.all([first, ...sent]));
      const many = await within('map', pool.map(tasks.square, upTo(100), { chunksize: 1 }));
      assert.equal(many.length, 100);
      await renewed();
    });

    it('the initializer runs once in each worker, async or not', async () => {
      for (const initializer of [tasks.remember, tasks.rememberLater]) {
        await renewed(2, { initializer, initargs: [{ from: 'initargs' }] });
        const seen = await within('map', pool.map(tasks.remembered, [1, 2, 3, 4]));
        assert.deepEqual(seen, Array(4).fill({ from: 'initargs' }));
      }
      await renewed();
    });

    it('an initializer that always fails ends the pool with its error', async () => {
      const broken = new mp.Pool(2, { context: method, initializer: tasks.failingInitializer });
      await assert.rejects(within('the error', broken.apply(tasks.square, [1])), (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, /cannot be set up/);
        return true;
      });
      assert.throws(() => broken.applyAsync(tasks.square, [1]), RangeError);
      broken.close();
      await within('the pool to end', broken.join());
    });

    it('maxTasksPerChild replaces workers; no result is lost', async () => {
      await renewed(2, { maxTasksPerChild: 10 });
      const pids = await within('map', pool.map(tasks.pid, upTo(100), { chunksize: 1 }));
      const runs = new Map<number, number>();
      for (const pid of pids) runs.set(pid, (runs.get(pid) ?? 0) + 1);
      assert.ok(runs.size >= 10, `${runs.size} workers`);
      assert.ok([...runs.values()].every((count) => count <= 10));
      await renewed(2, { maxTasksPerChild: 1 });
      const results = upTo(6).map((i) => pool.applyAsync(tasks.square, [i]));
      pool.close();
      await within('the pool to end', pool.join());
      assert.deepEqual(await Promise.all(results), upTo(6).map(tasks.square));
      await renewed();
    });

    it('a worker that has grown beyond maxMemory is replaced', async () => {
      await renewed(1, { maxMemory: 250 * 2 ** 20 });
      const before = await within('a task', pool.apply(tasks.pid));
      await within('a task', pool.apply(tasks.grow, [300 * 2 ** 20]));
      await until('the worker to be replaced', () => {
        const [worker] = pool.stats().workers;
        return worker?.status === 'ready' && worker.pid !== before;
      });
      assert.notEqual(await within('a task', pool.apply(tasks.pid)), before);
      await renewed();
    });

    it('resize() changes the number of workers', async () => {
      const readyCount = (): number =>
        pool.stats().workers.filter(({ status }) => status === 'ready').length;
      pool.resize(4);
      await until('four workers', () => readyCount() === 4);
      pool.resize(1);
      await until('one worker', () => pool.stats().workers.length === 1);
      assert.equal(await within('a task', pool.apply(tasks.square, [3])), 9);
      assert.throws(() => {
        pool.resize(0);
      }, RangeError);
      await renewed();
    });

    it('stats() counts tasks, times and memory', async () => {
      await renewed();
      await within('map', pool.map(tasks.squareLater, upTo(10), { chunksize: 1 }));
      await assert.rejects(pool.apply(tasks.fail, ['x']));
      const stats = pool.stats();
      assert.equal(stats.processes, 2);
      assert.equal(stats.completed, 10);
      assert.equal(stats.failed, 1);
      assert.equal(stats.waiting, 0);
      assert.equal(stats.outstanding, 0);
      assert.equal(stats.runTime.count, 11);
      assert.ok(stats.runTime.p50 >= 0.9 && stats.runTime.p50 <= stats.runTime.max);
      assert.ok(stats.runTime.min <= stats.runTime.mean && stats.waitTime.p99 >= 0);
      assert.ok(stats.utilisation > 0 && stats.utilisation <= 1);
      assert.equal(stats.workers.length, 2);
      assert.ok(stats.memory > 10 * 2 ** 20);
    });

    it('close() lets everything finish, then no task is taken', async () => {
      const results = upTo(20).map((i) => pool.applyAsync(tasks.squareLater, [i]));
      await assert.rejects(pool.join(), codeOf('ERR_MP_POOL_RUNNING'));
      pool.close();
      assert.throws(() => pool.applyAsync(tasks.square, [1]), mp.ClosedError);
      await assert.rejects(pool.map(tasks.square, [1]), mp.ClosedError);
      assert.throws(() => pool.imap(tasks.square, [1]), mp.ClosedError);
      await within('the pool to end', pool.join());
      assert.ok(results.every((result) => result.ready()));
      assert.deepEqual(await Promise.all(results), upTo(20).map(tasks.square));
      await renewed();
    });

    it('terminate() ends workers at once, whatever they do', async () => {
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      const results = upTo(5).map(() => pool.applyAsync(tasks.block, [running, goOn]));
      await within('a task to run', running.acquire());
      pool.terminate();
      for (const result of results) await assert.rejects(within('a result', result), mp.ClosedError);
      await within('the pool to end', pool.join());
      await renewed();
    });

    it('`await using` terminates and joins', async () => {
      const running = new mp.Semaphore(0);
      const goOn = new mp.Semaphore(0);
      let result: mp.AsyncResult;
      {
        await using own = new mp.Pool(1, { context: method });
        result = own.applyAsync(tasks.block, [running, goOn]);
        await within('the task to run', running.acquire());
      }
      assert.equal(result.ready(), true);
      await assert.rejects(result.get(), mp.ClosedError);
    });

    it('a child may have a pool, a daemon may not', async () => {
      const child = new mp.Process({
        target: tasks.poolInChild,
        args: [[1, 2, 3]],
        context: method,
      });
      await child.start();
      assert.deepEqual(await within('the child', child.result(), 20_000), [1, 4, 9]);
      assert.equal(await within('a task', pool.apply(tasks.poolHere)), 'ERR_MP_DAEMON_CHILD');
    });

    it('getContext().Pool is the same, by its method', async () => {
      await using own = new (mp.getContext(method).Pool)(1);
      assert.equal(await within('a task', own.apply(tasks.square, [3])), 9);
      const prefix = { fork: 'Fork', forkserver: 'ForkServer', spawn: 'Spawn' }[method];
      assert.equal(own.stats().workers[0]?.name, `${prefix}PoolWorker-1`);
    });
  });
}

describe('Pool', () => {
  it('refuses what is no number of processes and no option', () => {
    for (const wrong of [0, -1, 1.5]) assert.throws(() => new mp.Pool(wrong), RangeError);
    assert.throws(() => new mp.Pool('2' as unknown as number), TypeError);
    assert.throws(() => new mp.Pool(1, { maxtasksperchild: 1 } as mp.PoolOptions), /maxTasksPerC/);
    assert.throws(() => new mp.Pool(1, { maxTasksPerChild: 0 }), RangeError);
    assert.throws(
      () => new mp.Pool(1, { initializer: 5 as unknown as () => void }),
      TypeError,
    );
    assert.throws(() => new mp.Pool(1, { spin: 1 }), RangeError);
  });

  it('cannot be sent', async () => {
    await using pool = new mp.Pool(1);
    assert.throws(() => pool.applyAsync(tasks.same, [pool]), mp.NotCloneableError);
  });

  it('says what it is', async () => {
    const { inspect } = await import('node:util');
    await using pool = new mp.Pool(1);
    assert.equal(inspect(pool), 'Pool { state: running, processes: 1 }');
    pool.terminate();
    assert.equal(inspect(pool), 'Pool { state: terminated, processes: 1 }');
  });

  it('an idle pool keeps no program alive; one with work does', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      import { setTimeout as sleep } from 'node:timers/promises';
      export const later = async (x) => { await sleep(20); return x; };
      if (mp.isMainProcess()) {
        globalThis.pool = new mp.Pool(2);
        pool.applyAsync(later, ['done'], { callback: (text) => console.log(text) });
      }`;
    const end = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.deepEqual(end, { code: 0, signal: null, stdout: 'done\n', stderr: '' });
  });

  it('a pool that was dropped while it ran warns, and ends', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        process.once('warning', ({ name, message }) => console.log(name, message.slice(0, 20)));
        await (async () => { await new mp.Pool(1).apply(square, [2]); })();
        while (mp.activeChildren().length > 0) {
          gc();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }`;
    const { code, stdout } = await runProgram({ 'main.mjs': program }, ['--expose-gc', 'main.mjs']);
    assert.equal(stdout, 'ResourceWarning a Pool was dropped w\n');
    assert.equal(code, 0);
  });

  it('an error of a result nobody looks at is no unhandled rejection', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      export const fail = () => { throw new Error('nobody looks'); };
      if (mp.isMainProcess()) {
        const pool = new mp.Pool(1);
        const result = pool.applyAsync(fail);
        await result.wait();
        pool.close();
        await pool.join();
        console.log('alive');
      }`;
    const end = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.deepEqual(end, { code: 0, signal: null, stdout: 'alive\n', stderr: '' });
  });

  it('a worker that ends by itself runs its exit handlers', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      import { writeSync } from 'node:fs';
      export const tell = () => { process.once('exit', () => writeSync(1, 'bye\\n')); };
      if (mp.isMainProcess()) {
        const pool = new mp.Pool(1);
        await pool.apply(tell);
        pool.close();
        await pool.join();
      }`;
    const { code, stdout } = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.deepEqual([code, stdout], [0, 'bye\n']);
  });
});
