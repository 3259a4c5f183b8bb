// Group F of CPython's behaviours: executors whose workers are processes; how these end.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { until, within } from '../helpers/watchdog';
import { endBy, endInOutcome, type Way } from './endings';
import { Stop } from './executors';
import { upTo } from './pools';
import * as tasks from './tasks';

const { BrokenProcessPool } = mp.futures;
const loaded = pathToFileURL(join(__dirname, 'end-at-load.mjs'));
/** A module that ends its process in that way. */
function atLoad(way: Way): mp.FunctionRef<() => void> {
  const url = new URL(loaded);
  url.searchParams.set('way', way);
  return mp.functionRef<() => void>(url, 'never');
}

for (const method of mp.getAllStartMethods()) {
  describe(`ProcessPoolExecutor and its processes, ${method}`, () => {
    const make = (workers = 2, options: mp.futures.ProcessExecutorOptions = {}) =>
      new mp.futures.ProcessPoolExecutor(workers, { mpContext: method, ...options });

    const crashes: [string, (executor: mp.futures.ProcessPoolExecutor) => mp.futures.Future][] = [
      ['in a call', (executor) => executor.submit(tasks.kill, 'SIGKILL')],
      ['before its first line', (executor) => executor.submit(atLoad('SIGSEGV'))],
      ['by a crash', (executor) => executor.submit(endBy, 'abort')],
      ['while it sends', (executor) => executor.submit(tasks.killWhileSending, 2e7)],
      [
        'with large data',
        (executor) => executor.submit(tasks.killWith, ['SIGSEGV', Buffer.alloc(5e7)]),
      ],
    ];
    for (const [when, crash] of crashes) {
      it(`a worker that a signal ends ${when} breaks it, and every future that is not done`, async () => {
        const executor = make();
        const stop = new Stop();
        const waits = executor.submit(tasks.workerAt, ...stop.args);
        await stop.isReached();
        const futures = [
          waits,
          crash(executor),
          ...upTo(3).map((i) => executor.submit(tasks.sleep, i)),
        ];
        for (const future of futures) {
          const error = await within('the error', future.exception());
          assert.ok(error instanceof BrokenProcessPool || error === undefined, String(error));
        }
        assert.ok((await waits.exception()) instanceof BrokenProcessPool);
        assert.ok((await futures[1]!.exception()) instanceof BrokenProcessPool);
        assert.throws(() => executor.submit(tasks.square, 1), BrokenProcessPool);
        await within('the end', executor.shutdown());
      });
    }

    it('an idle worker that is killed breaks it', async () => {
      const executor = make(1);
      const pid = await within('a call', executor.submit(tasks.pid));
      process.kill(pid, 'SIGKILL');
      await until('it to be broken', () => {
        try {
          executor.submit(tasks.square, 1).cancel();
          return false;
        } catch (error) {
          return error instanceof BrokenProcessPool;
        }
      });
      await within('the end', executor.shutdown());
    });

    it('a call that ends its process by process.exit() is lost, and breaks nothing', async () => {
      await using executor = make();
      for (const [future, exitCode] of [
        [executor.submit(tasks.exit, 3), 3],
        [executor.submit(tasks.exit, 0), 0],
        [executor.submit(endInOutcome, 'exit 1'), 1],
        [executor.submit(atLoad('exit 0')), 0],
      ] as const) {
        const error = await within('the error', future.exception());
        assert.ok(error instanceof mp.WorkerLostError, String(error));
        assert.deepEqual([error.exitCode, error.signal], [exitCode, null]);
      }
      assert.equal(await within('another', executor.submit(tasks.square, 3)), 9);
    });

    it('a crash during shutdown() does not hang it', async () => {
      const executor = make(2);
      const stop = new Stop();
      const blocked = executor.submit(tasks.workerAt, ...stop.args);
      await stop.isReached();
      const crash = executor.submit(tasks.kill, 'SIGKILL');
      await within('the end', executor.shutdown());
      assert.ok((await crash.exception()) instanceof BrokenProcessPool);
      assert.ok((await blocked.exception()) instanceof BrokenProcessPool);
    });

    it('maxTasksPerChild replaces workers; shutdown() loses no result', async () => {
      const executor = make(1, { maxTasksPerChild: 3 });
      const pids: number[] = [];
      for (const i of upTo(4)) pids.push(await within(`call ${i}`, executor.submit(tasks.pid)));
      assert.deepEqual([new Set(pids.slice(0, 3)).size, new Set(pids).size], [1, 2]);
      await within('the end', executor.shutdown());
      const other = make(3, { maxTasksPerChild: 1 });
      const futures = upTo(6).map((i) => other.submit(tasks.square, i));
      await within('the end', other.shutdown());
      assert.deepEqual(await Promise.all(futures), upTo(6).map(tasks.square));
      assert.throws(() => make(1, { maxTasksPerChild: 0 }), RangeError);
    });

    for (const how of ['terminateWorkers', 'killWorkers'] as const) {
      it(`${how}() ends calls that run, cancels the others, and shuts down`, async () => {
        const executor = make(1);
        const stop = new Stop();
        const runs = executor.submit(tasks.block, ...stop.args);
        await stop.isReached();
        const waits = executor.submit(tasks.square, 1);
        executor[how]();
        assert.ok((await within('the error', runs.exception())) instanceof BrokenProcessPool);
        assert.equal(waits.cancelled(), true);
        assert.throws(() => executor.submit(tasks.square, 1), /after shutdown/);
        await within('the end', executor.shutdown());
        executor[how]();
      });
    }

    it('getContext().futures.ProcessPoolExecutor is the same, by its method', async () => {
      const context = mp.getContext(method);
      await using executor = new context.futures.ProcessPoolExecutor(1);
      const call = executor.submit(tasks.processName);
      const prefix = { fork: 'Fork', forkserver: 'ForkServer', spawn: 'Spawn' }[method];
      assert.equal(await within('a call', call), `${prefix}PoolWorker-1`);
      assert.ok(executor instanceof mp.futures.ProcessPoolExecutor);
    });
  });
}

describe('a program with an executor', () => {
  const kinds = ['ProcessPoolExecutor', 'ThreadPoolExecutor'];
  for (const kind of kinds) {
    for (const before of ['', 'void executor.shutdown({ wait: false });']) {
      it(`waits at its end for what it has submitted: ${kind}; ${before}`, async () => {
        const program = `
          import * as mp from 'node-multiprocessing';
          import { setTimeout as sleep } from 'node:timers/promises';
          export const later = async (x) => { await sleep(20); console.log('ran', x); };
          if (mp.isMainProcess()) {
            globalThis.executor = new mp.futures.${kind}(1);
            for (const i of [1, 2, 3]) executor.submit(later, i);
            ${before}
          }`;
        const end = await runProgram({ 'main.mjs': program }, ['main.mjs']);
        const stdout = 'ran 1\nran 2\nran 3\n';
        assert.deepEqual(end, { code: 0, signal: null, stdout, stderr: '' });
      });
    }

    it(`and process.exit() ends at once: ${kind}`, async () => {
      const program = `
        import * as mp from 'node-multiprocessing';
        export const forEver = () => { for (;;); };
        export const square = (x) => x * x;
        if (mp.isMainProcess()) {
          const executor = new mp.futures.${kind}(2);
          process.once('exit', () => {
            // test_submit_after_interpreter_shutdown
            for (const call of [() => executor.submit(square, 1), () => executor.map(square, [1])]) {
              try {
                call();
              } catch (error) {
                console.log(error.name, error.message);
              }
            }
          });
          executor.submit(forEver);
          console.log(await executor.submit(square, 3));
          process.exit(4);
        }`;
      const end = await runProgram({ 'main.mjs': program }, ['main.mjs']);
      const refused = ['submit', 'map'].map(
        (name) => `ClosedError ${name}() cannot schedule new futures at the end of the program\n`,
      );
      const stdout = `9\n${refused.join('')}`;
      assert.deepEqual(end, { code: 4, signal: null, stdout, stderr: '' });
    });
  }
});
