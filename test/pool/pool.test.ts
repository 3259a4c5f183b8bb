// Pool: what does not depend on the start method.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import * as tasks from './tasks';

describe('Pool', () => {
  it('refuses what is no number of processes and no option', () => {
    for (const wrong of [0, -1, 1.5]) assert.throws(() => new mp.Pool(wrong), RangeError);
    assert.throws(() => new mp.Pool('2' as unknown as number), TypeError);
    assert.throws(() => new mp.Pool(1, { maxtasksperchild: 1 } as mp.PoolOptions), /maxTasksPerC/);
    assert.throws(() => new mp.Pool(1, { maxTasksPerChild: 0 }), RangeError);
    assert.throws(() => new mp.Pool(1, { initializer: 5 as unknown as () => void }), TypeError);
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

  for (const kind of ['Pool', 'ThreadPool']) {
    it(`a ${kind} without the main guard is an error that explains it`, async () => {
      const program = `
        import * as mp from 'node-multiprocessing';
        export const square = (x) => x * x;
        const pool = new mp.${kind}(1);
        console.log(await pool.map(square, [1, 2]).catch(({ code, message }) => {
          pool.terminate();
          return [code, message.includes('if (isMainProcess())')];
        }));`;
      const { code, stdout } = await runProgram({ 'main.mjs': program }, ['main.mjs']);
      assert.deepEqual([code, stdout], [0, "[ 'ERR_MP_BOOTSTRAP', true ]\n"]);
    });
  }

  it('a pool whose workers cannot be started fails with that error, and leaves none', async () => {
    const program = `
      import * as mp from 'node-multiprocessing';
      export const square = (x) => x * x;
      if (mp.isMainProcess()) {
        mp.setExecutable('/nonexistent/node');
        const pool = new mp.Pool(4, { context: 'spawn' });
        console.log((await pool.apply(square, [2]).catch((error) => error)).code);
        try { pool.applyAsync(square, [2]); } catch (error) { console.log(error.code); }
        await pool[Symbol.asyncDispose]();
        console.log(mp.activeChildren().length);
      }`;
    const { code, stdout } = await runProgram({ 'main.mjs': program }, ['main.mjs']);
    assert.deepEqual([code, stdout], [0, 'ERR_MP_SYSTEM_CALL\nERR_MP_SYSTEM_CALL\n0\n']);
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
