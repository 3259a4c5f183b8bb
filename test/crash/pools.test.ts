// Workers of a pool that end in every way and at every moment: exactly the task that ran there is
// rejected, all others are right, and the pool goes on.
//
// MP_POOL_KILLS sets the number of rounds, MP_POOL_TASKS that of the tasks among random kills,
// MP_POOL_MEMORY that of the rounds without memory.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as mp from 'node-multiprocessing';

import { Program, runProgram } from '../helpers/program';
import { randomFrom, runSeed } from '../helpers/random';
import { until, within } from '../helpers/watchdog';
import { endBy, endings, endInOutcome, endLater, type Way } from '../pool/endings';
import { Pools, upTo } from '../pool/pools';
import * as tasks from '../pool/tasks';

const rounds = Number(process.env.MP_POOL_KILLS ?? 88);
const manyTasks = Number(process.env.MP_POOL_TASKS ?? 2000);
const memoryRounds = Number(process.env.MP_POOL_MEMORY ?? 4);

const loaded = pathToFileURL(join(__dirname, '../pool/end-at-load.mjs'));

/** A module that ends its process in that way; each is loaded by no other worker. */
function atLoad(way: Way): mp.FunctionRef<() => void> {
  const url = new URL(loaded);
  url.searchParams.set('way', way);
  return mp.functionRef<() => void>(url, 'never');
}

type Victim = (pool: mp.Pool, way: Way, options: mp.TaskOptions) => Promise<unknown>;

/** The moments at which a task's worker may end; it is the task that is lost. */
const moments: ReadonlyMap<string, Victim> = new Map<string, Victim>([
  ['before its first line', (pool, way, options) => pool.apply(atLoad(way), [], options)],
  ['in it', (pool, way, options) => pool.apply(endBy, [way], options)],
  ['while it sends', (pool, way, options) => pool.apply(endInOutcome, [way], options)],
]);
const idle = 'idle';

/** Every way at every moment; a worker that loops while it is idle is not seen to end. */
const matrix = [...endings.keys()].flatMap((way) =>
  [...moments.keys(), ...(way === 'loop' ? [] : [idle])].map((moment) => ({ way, moment })),
);

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

for (const method of mp.getAllStartMethods()) {
  const count = method === 'forkserver' ? rounds : Math.ceil(rounds / 3);
  describe(`workers of a pool that end, ${method}`, () => {
    const pools = new Pools(method);
    before(() => pools.renew());
    after(() => pools.end());

    const round = async (victim: () => Promise<unknown>): Promise<unknown> => {
      const before = upTo(10).map((i) => pools.pool.apply(tasks.square, [i]));
      const lost = victim().then(
        () => undefined,
        (error: unknown) => error,
      );
      const behind = upTo(10).map((i) => pools.pool.apply(tasks.square, [i]));
      const values = await within('the others', Promise.all([...before, ...behind]));
      assert.deepEqual(values, [...upTo(10), ...upTo(10)].map(tasks.square));
      return within('the victim', lost);
    };

    const readyPids = (): (number | null)[] =>
      pools.pool
        .stats()
        .workers.filter(({ status }) => status === 'ready')
        .map(({ pid }) => pid);

    const twoWorkers = (): Promise<void> => until('two workers', () => readyPids().length === 2);

    const endIdle = async (way: Way): Promise<void> => {
      const pid = await within('a task', pools.pool.apply(endLater, [way]));
      await until('the worker to end', () => !readyPids().includes(pid));
      assert.equal(await round(() => Promise.resolve()), undefined);
    };

    const endTask = async (way: Way, moment: string): Promise<void> => {
      const ending = endings.get(way);
      const options = ending === undefined ? { timeout: 30 } : {};
      const error = await round(() => moments.get(moment)!(pools.pool, way, options));
      const what = `${way} ${moment}: ${String(error)}`;
      if (ending === undefined) {
        assert.ok(error instanceof mp.TimeoutError, what);
        return;
      }
      assert.ok(error instanceof mp.WorkerLostError, what);
      const { pid, exitCode, signal } = error;
      assert.equal(typeof pid, 'number', what);
      assert.deepEqual({ exitCode, signal }, ending, what);
    };

    it(`${String(count)} ends of workers reject the task that ran, and no other`, async function () {
      this.timeout(20_000 + count * 1_000);
      await twoWorkers();
      const descriptors = openDescriptors();
      for (let i = 0; i < count; i += 1) {
        // In steps, so that few rounds meet all moments and many ways.
        const { way, moment } = matrix[(i * 11) % matrix.length]!;
        if (moment === idle) await endIdle(way);
        else await endTask(way, moment);
      }
      await twoWorkers();
      // Doorbells of workers that have ended are closed when there are more than a few.
      await until('descriptors to be closed', () => openDescriptors() <= descriptors + 20);
    });

    it('an idle worker that is killed rejects nothing and is replaced', async () => {
      for (let i = 0; i < 3; i += 1) {
        await twoWorkers();
        process.kill(readyPids()[0]!, 'SIGKILL');
        assert.equal(await round(() => Promise.resolve()), undefined);
      }
    });

    it('a task that waits for nothing is lost', async () => {
      const error = await round(() => pools.pool.apply(tasks.nothingComes));
      assert.ok(error instanceof mp.WorkerLostError, String(error));
    });

    it('a task beyond its timeout, or aborted, ends alone', async () => {
      const late = await round(() => pools.pool.apply(tasks.loop, [], { timeout: 30 }));
      assert.ok(late instanceof mp.TimeoutError, String(late));
      const controller = new AbortController();
      const aborted = await round(() => {
        const result = pools.pool.apply(tasks.loop, [], { signal: controller.signal });
        setTimeout(() => {
          controller.abort(new Error('enough'));
        }, 20);
        return result;
      });
      assert.equal((aborted as Error).message, 'enough');
    });

    it('the timeout counts from the first line, not from the call', async () => {
      await pools.renew(1);
      const results = upTo(10).map(() => pools.pool.apply(tasks.sleep, [20], { timeout: 5_000 }));
      assert.equal((await within('all', Promise.all(results))).length, 10);
      await pools.renew();
    });

    it('large data of a task that had not begun goes to another worker', async () => {
      await pools.renew(1);
      const [running, goOn] = [new mp.Semaphore(0), new mp.Semaphore(0)];
      const lost = pools.pool.applyAsync(tasks.block, [running, goOn]);
      await within('the task to run', running.acquire());
      const large = new Float64Array(100_000).fill(1);
      // The first lies in the ring of the worker that is killed, the others wait.
      const sums = upTo(3).map(() => pools.pool.apply(tasks.total, [large]));
      large.fill(2);
      process.kill(readyPids()[0]!, 'SIGKILL');
      await assert.rejects(within('the task', lost.get()), mp.WorkerLostError);
      assert.deepEqual(await within('the sums', Promise.all(sums)), [100_000, 100_000, 100_000]);
      await pools.renew();
    });

    it('each of many tasks has one outcome while workers are killed at random', async function () {
      this.timeout(60_000 + manyTasks * 10);
      const random = randomFrom(runSeed());
      const outcomes = new Int32Array(manyTasks);
      const kills = Math.ceil(manyTasks / 100);
      let next = 0;
      let killed = 0;
      const some = async (): Promise<void> => {
        while (next < manyTasks) {
          const i = next++;
          const value = await pools.pool.apply(tasks.square, [i], { retries: 1000 });
          assert.equal(value, i * i);
          outcomes[i]! += 1;
          if (i * kills < killed * manyTasks) continue;
          const pids = readyPids();
          const pid = pids[Math.floor(random() * pids.length)];
          if (typeof pid !== 'number') continue;
          process.kill(pid, 'SIGKILL');
          killed += 1;
        }
      };
      await within('all tasks', Promise.all(upTo(500).map(some)), 50_000 + manyTasks * 10);
      assert.ok(outcomes.every((count) => count === 1));
      assert.ok(killed > 0.9 * kills, `${String(killed)} of ${String(kills)} kills`);
    });
  });
}

describe('a result that nobody looks at', () => {
  it('is no unhandled rejection when its worker is lost', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      export const end = () => process.exit(3);
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        process.on('unhandledRejection', () => console.log('unhandled'));
        const pool = new mp.Pool(1);
        pool.applyAsync(end);
        console.log(await pool.apply(square, [3]));
        await pool[Symbol.asyncDispose]();
      }`;
    const end = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.equal(end.stdout, '9\n', end.stderr);
    assert.equal(end.code, 0);
  });
});

describe('a worker of a pool without memory', () => {
  it('rejects its task, at whatever moment that was; the parent goes on', async function () {
    this.timeout(20_000 + memoryRounds * 5_000);
    const growing = `
      export const grow = () => { for (const all = [];;) all.push(new Array(1e5).fill(1)); };
      if (import.meta.url.endsWith('?now')) grow();`;
    const main = `
      import * as mp from 'node-multiprocessing';
      import { grow } from './grow.mjs';
      export const growNow = () => grow();
      export const growInOutcome = () => ({ get value() { return grow(); } });
      export const growLater = () => { setTimeout(grow, 1); };
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        const pool = new mp.Pool(1);
        const atLoad = mp.functionRef(new URL('./grow.mjs?now', import.meta.url), 'grow');
        const gone = async () => {
          const [{ pid }] = pool.stats().workers;
          await pool.apply(growLater);
          while (pool.stats().workers[0]?.pid === pid) await new Promise((r) => setTimeout(r, 1));
          return 'idle';
        };
        const moments = [atLoad, growNow, growInOutcome].map((fn) => () => pool.apply(fn));
        moments.push(gone);
        for (let i = 0; i < ${String(memoryRounds)}; i += 1) {
          const lost = moments[i % 4]();
          console.log(await lost.catch((error) => error.code), await pool.apply(square, [i]));
        }
        await pool[Symbol.asyncDispose]();
      }`;
    const files = { 'main.mjs': main, 'grow.mjs': growing };
    const program = new Program(files);
    const end = await program
      .start(['--max-old-space-size=60', 'main.mjs'])
      .end(10_000 + memoryRounds * 5_000)
      .finally(() => {
        program.remove();
      });
    const lines = upTo(memoryRounds).map(
      (i) => `${i % 4 === 3 ? 'idle' : 'ERR_MP_WORKER_LOST'} ${String(i * i)}\n`,
    );
    assert.equal(end.stdout, lines.join(''), end.stderr);
    assert.equal(end.code, 0);
  });
});
