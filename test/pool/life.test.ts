// Pool: workers and their pool from the beginning to the end, by every start method (group O of
// CPython's behaviours).
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog';
import { codeOf, forEachMethod, upTo } from './pools';
import * as tasks from './tasks';

forEachMethod('Pool, its workers', (pools) => {
  it('the worker goes on with timers between tasks', async () => {
    await pools.renew(1);
    await within('a task', pools.pool.apply(tasks.startTimer));
    const before = await within('a task', pools.pool.apply(tasks.timerCount));
    let now = before;
    await until('the timer to run', () => {
      void pools.pool.apply(tasks.timerCount).then((count) => (now = count));
      return now > before;
    });
    await pools.renew();
  });

  it('as many tasks run at a time as there are workers', async () => {
    await pools.renew(3);
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const results = upTo(5).map(() => pools.pool.applyAsync(tasks.meet, [running, goOn]));
    for (let i = 0; i < 3; i += 1) await within('a task to run', running.acquire());
    assert.equal(running.tryAcquire(), false);
    goOn.release(5);
    const pids = await within('the results', Promise.all(results));
    assert.equal(new Set(pids).size, 3);
    await pools.renew();
  });

  it('a task behind a long one goes to a worker that is free', async () => {
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const long = pools.pool.applyAsync(tasks.block, [running, goOn]);
    await within('the task to run', running.acquire());
    const others = upTo(50).map((i) => pools.pool.apply(tasks.square, [i]));
    assert.deepEqual(await within('the others', Promise.all(others)), upTo(50).map(tasks.square));
    assert.equal(long.ready(), false);
    goOn.release();
    await within('the long one', long);
  });

  it('tasks of a higher priority come first', async () => {
    await pools.renew(1);
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const first = pools.pool.applyAsync(tasks.meet, [running, goOn]);
    await within('the task to run', running.acquire());
    const order: string[] = [];
    const note = (name: string) => ({ callback: () => order.push(name) });
    const rest = [
      // The first of them is with the worker already.
      pools.pool.applyAsync(tasks.pid, [], note('sent')),
      pools.pool.applyAsync(tasks.pid, [], note('usual')),
      pools.pool.applyAsync(tasks.pid, [], { ...note('low'), priority: -1 }),
      pools.pool.applyAsync(tasks.pid, [], { ...note('high'), priority: 5 }),
    ];
    goOn.release();
    await within('the tasks', Promise.all([first, ...rest]));
    assert.deepEqual(order, ['sent', 'high', 'usual', 'low']);
    await pools.renew();
  });

  it('maxQueue bounds what waits', async () => {
    await pools.renew(1, { maxQueue: 2 });
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const first = pools.pool.applyAsync(tasks.meet, [running, goOn]);
    await within('the task to run', running.acquire());
    const sent: mp.AsyncResult[] = [];
    assert.throws(() => {
      for (const i of upTo(10)) sent.push(pools.pool.applyAsync(tasks.square, [i]));
    }, mp.QueueFullError);
    assert.ok(pools.pool.stats().waiting <= 2);
    let hasRoom = false;
    const room = pools.pool.room().then(() => (hasRoom = true));
    const waits = pools.pool.apply(tasks.square, [9]);
    assert.equal(hasRoom, false);
    goOn.release();
    await within('room', room);
    assert.equal(await within('the task that waited', waits), 81);
    await within('the others', Promise.all([first, ...sent]));
    const many = await within('map', pools.pool.map(tasks.square, upTo(100), { chunksize: 1 }));
    assert.equal(many.length, 100);
    await pools.renew();
  });

  it('taskTimeout is the timeout of tasks that do not say themselves', async () => {
    await pools.renew(1, { taskTimeout: 30 });
    await assert.rejects(within('the task', pools.pool.apply(tasks.loop)), mp.TimeoutError);
    const longer = pools.pool.apply(tasks.sleep, [60], { timeout: null });
    await within('a task with its own', longer);
    await pools.renew();
  });

  it('the initializer runs once in each worker, async or not', async () => {
    for (const initializer of [tasks.remember, tasks.rememberLater]) {
      await pools.renew(2, { initializer, initargs: [{ from: 'initargs' }] });
      const seen = await within('map', pools.pool.map(tasks.remembered, [1, 2, 3, 4]));
      assert.deepEqual(seen, Array(4).fill({ from: 'initargs' }));
    }
    await pools.renew();
  });

  it('an initializer that always fails ends the pool with its error', async () => {
    const broken = new mp.Pool(2, { context: pools.method, initializer: tasks.failingInitializer });
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
    await pools.renew(2, { maxTasksPerChild: 10 });
    const pids = await within('map', pools.pool.map(tasks.pid, upTo(100), { chunksize: 1 }));
    const runs = new Map<number, number>();
    for (const pid of pids) runs.set(pid, (runs.get(pid) ?? 0) + 1);
    assert.ok(runs.size >= 10, `${runs.size} workers`);
    assert.ok([...runs.values()].every((count) => count <= 10));
    await pools.renew(2, { maxTasksPerChild: 1 });
    const results = upTo(6).map((i) => pools.pool.applyAsync(tasks.square, [i]));
    pools.pool.close();
    await within('the pool to end', pools.pool.join());
    assert.deepEqual(await Promise.all(results), upTo(6).map(tasks.square));
    await pools.renew();
  });

  it('a worker that has grown beyond maxMemory is replaced', async () => {
    await pools.renew(1, { maxMemory: 250 * 2 ** 20 });
    const before = await within('a task', pools.pool.apply(tasks.pid));
    await within('a task', pools.pool.apply(tasks.grow, [300 * 2 ** 20]));
    await until('the worker to be replaced', () => {
      const [worker] = pools.pool.stats().workers;
      return worker?.status === 'ready' && worker.pid !== before;
    });
    assert.notEqual(await within('a task', pools.pool.apply(tasks.pid)), before);
    await pools.renew();
  });

  it('resize() changes the number of workers', async () => {
    const readyCount = (): number =>
      pools.pool.stats().workers.filter(({ status }) => status === 'ready').length;
    pools.pool.resize(4);
    await until('four workers', () => readyCount() === 4);
    const results = upTo(40).map((i) => pools.pool.apply(tasks.squareLater, [i]));
    pools.pool.resize(1);
    assert.deepEqual(await within('tasks', Promise.all(results)), upTo(40).map(tasks.square));
    await until('one worker', () => pools.pool.stats().workers.length === 1);
    assert.equal(await within('a task', pools.pool.apply(tasks.square, [3])), 9);
    assert.throws(() => {
      pools.pool.resize(0);
    }, RangeError);
    await pools.renew();
  });

  it('stats() counts tasks, times and memory', async () => {
    await pools.renew();
    await within('map', pools.pool.map(tasks.squareLater, upTo(10), { chunksize: 1 }));
    await assert.rejects(pools.pool.apply(tasks.fail, ['x']));
    const stats = pools.pool.stats();
    assert.equal(stats.processes, 2);
    assert.equal(stats.completed, 10);
    assert.equal(stats.failed, 1);
    assert.equal(stats.waiting, 0);
    assert.equal(stats.outstanding, 0);
    assert.equal(stats.runTime.count, 11);
    assert.ok(stats.runTime.p50 >= 0.5 && stats.runTime.p50 <= stats.runTime.max);
    assert.ok(stats.runTime.min <= stats.runTime.mean && stats.waitTime.p99 >= 0);
    const { histogram } = stats.runTime;
    assert.equal(
      histogram.reduce((sum, { count }) => sum + count, 0),
      11,
    );
    assert.ok(histogram.at(-1)!.upTo >= stats.runTime.max);
    assert.ok(histogram[0]!.upTo / 2 ** 0.25 <= stats.runTime.min);
    assert.ok(stats.utilisation > 0 && stats.utilisation <= 1);
    assert.equal(stats.workers.length, 2);
    assert.ok(stats.memory > 10 * 2 ** 20);
  });

  it('close() lets everything finish, then no task is taken', async () => {
    const results = upTo(20).map((i) => pools.pool.applyAsync(tasks.squareLater, [i]));
    await assert.rejects(pools.pool.join(), codeOf('ERR_MP_POOL_RUNNING'));
    pools.pool.close();
    assert.throws(() => pools.pool.applyAsync(tasks.square, [1]), mp.ClosedError);
    await assert.rejects(pools.pool.map(tasks.square, [1]), mp.ClosedError);
    assert.throws(() => pools.pool.imap(tasks.square, [1]), mp.ClosedError);
    await within('the pool to end', pools.pool.join());
    assert.ok(results.every((result) => result.ready()));
    assert.deepEqual(await Promise.all(results), upTo(20).map(tasks.square));
    await pools.renew();
  });

  it('terminate() ends workers at once, whatever they do', async () => {
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    const results = upTo(5).map(() => pools.pool.applyAsync(tasks.block, [running, goOn]));
    await within('a task to run', running.acquire());
    pools.pool.terminate();
    for (const result of results) await assert.rejects(within('a result', result), mp.ClosedError);
    await within('the pool to end', pools.pool.join());
    await pools.renew();
  });

  it('`await using` terminates and joins', async () => {
    const running = new mp.Semaphore(0);
    const goOn = new mp.Semaphore(0);
    let result: mp.AsyncResult;
    {
      await using own = new mp.Pool(1, { context: pools.method });
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
      context: pools.method,
    });
    await child.start();
    assert.deepEqual(await within('the child', child.result(), 20_000), [1, 4, 9]);
    assert.equal(await within('a task', pools.pool.apply(tasks.poolHere)), 'ERR_MP_DAEMON_CHILD');
  });

  it('getContext().Pool is the same, by its method', async () => {
    await using own = new (mp.getContext(pools.method).Pool)(1);
    assert.equal(await within('a task', own.apply(tasks.square, [3])), 9);
    const prefix = { fork: 'Fork', forkserver: 'ForkServer', spawn: 'Spawn' }[pools.method];
    assert.equal(own.stats().workers[0]?.name, `${prefix}PoolWorker-1`);
  });
});
