// Workers of a pool that end in every way and at every moment: exactly the task that ran there is
// rejected, all others are right, and the pool goes on.
//
// MP_POOL_KILLS sets the number of rounds, MP_POOL_TASKS that of the tasks among random kills.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { randomFrom, runSeed } from '../helpers/random';
import { until, within } from '../helpers/watchdog';
import { Pools, upTo } from '../pool/pools';
import * as tasks from '../pool/tasks';

const rounds = Number(process.env.MP_POOL_KILLS ?? 36);
const manyTasks = Number(process.env.MP_POOL_TASKS ?? 2000);

interface Ending {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
}
const byCode = (exitCode: number): Ending => ({ exitCode, signal: null });
const bySignal = (signal: NodeJS.Signals, exitCode: number): Ending => ({ exitCode, signal });

type Victim = (pool: mp.Pool) => Promise<unknown>;

const never = mp.functionRef<() => void>(require.resolve('../pool/crash-at-load'), 'never');

/** How a task's worker may end, in the task, before its first line, or while it sends the outcome. */
const victims: readonly (readonly [name: string, victim: Victim, ending: Ending | undefined])[] = [
  ...(
    [
      ['SIGKILL', -9],
      ['SIGTERM', -15],
      ['SIGSEGV', -11],
      ['SIGABRT', -6],
      ['SIGBUS', -7],
      ['SIGHUP', -1],
    ] as const
  ).map(
    ([signal, code]) =>
      [
        signal,
        (pool: mp.Pool) => pool.apply(tasks.kill, [signal]),
        bySignal(signal, code),
      ] as const,
  ),
  ['process.exit(0)', (pool) => pool.apply(tasks.exit, [0]), byCode(0)],
  ['process.exit(1)', (pool) => pool.apply(tasks.exit, [1]), byCode(1)],
  ['process.abort()', (pool) => pool.apply(tasks.abort), bySignal('SIGABRT', -6)],
  ['nothing to wait for', (pool) => pool.apply(tasks.nothingComes), undefined],
  ['an end before the first line', (pool) => pool.apply(never), byCode(7)],
  ['an end while it sends', (pool) => pool.apply(tasks.exitWhileSending, [9]), byCode(9)],
];

for (const method of mp.getAllStartMethods()) {
  const count = method === 'spawn' ? Math.ceil(rounds / 3) : rounds;
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

    it(`${String(count)} ends of tasks' workers reject the task, and no other`, async function () {
      this.timeout(20_000 + count * 1_000);
      for (let i = 0; i < count; i += 1) {
        const [name, victim, ending] = victims[i % victims.length]!;
        const error = await round(() => victim(pools.pool));
        assert.ok(error instanceof mp.WorkerLostError, `${name}: ${String(error)}`);
        assert.equal(typeof error.pid, 'number');
        const { exitCode, signal } = error;
        if (ending !== undefined) assert.deepEqual({ exitCode, signal }, ending, name);
      }
    });

    it('an idle worker that is killed rejects nothing and is replaced', async () => {
      for (let i = 0; i < 3; i += 1) {
        await until('two workers', () => {
          const { workers } = pools.pool.stats();
          return workers.filter(({ status }) => status === 'ready').length === 2;
        });
        const { pid } = pools.pool.stats().workers[0]!;
        process.kill(pid!, 'SIGKILL');
        assert.equal(await round(() => Promise.resolve()), undefined);
      }
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

    it('each of many tasks has one outcome while workers are killed at random', async function () {
      this.timeout(60_000 + manyTasks * 10);
      const random = randomFrom(runSeed());
      const outcomes = new Int32Array(manyTasks);
      const kills = Math.ceil(manyTasks / 100);
      const all = Promise.all(
        upTo(manyTasks).map(async (i) => {
          const value = await pools.pool.apply(tasks.square, [i], { retries: 1000 });
          assert.equal(value, i * i);
          outcomes[i]! += 1;
          const { workers } = pools.pool.stats();
          const victim = workers[Math.floor(random() * workers.length)];
          if (i % Math.ceil(manyTasks / kills) !== 0 || victim?.status !== 'ready') return;
          if (victim.pid !== null) process.kill(victim.pid, 'SIGKILL');
        }),
      );
      await within('all tasks', all, 50_000 + manyTasks * 10);
      assert.ok(outcomes.every((count) => count === 1));
    });
  });
}

describe('a worker of a pool without memory', () => {
  it('rejects its task; the parent goes on', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      export const grow = () => { for (const all = [];;) all.push(new Array(1e5).fill(1)); };
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        const pool = new mp.Pool(1);
        await pool.apply(grow).catch((error) => console.log(error.code));
        console.log(await pool.apply(square, [3]));
        await pool[Symbol.asyncDispose]();
      }`;
    const end = await runProgram({ 'main.mjs': program }, ['--max-old-space-size=60', 'main.mjs']);
    assert.equal(end.stdout, 'ERR_MP_WORKER_LOST\n9\n');
    assert.equal(end.code, 0);
  });
});
