// Group S of CPython's behaviours: start methods and contexts.
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { within } from '../helpers/watchdog';
import { codeOf } from './running';
import * as targets from './targets';

const wrong = codeOf('ERR_MP_START_METHOD');

/** What a program of its own prints: the global start method is set once for each. */
async function printed(code: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const files = { 'main.cjs': `const mp = require('node-multiprocessing');\n${code}` };
  const { stdout, stderr } = await runProgram(files, ['main.cjs'], env);
  assert.equal(stderr, '');
  return stdout.trim();
}

describe('start methods', () => {
  it('spawn is offered everywhere, the default comes first', async () => {
    const methods = mp.getAllStartMethods();
    assert.ok(methods.includes('spawn'));
    const env = { NODE_MULTIPROCESSING_START_METHOD: '' };
    assert.equal(
      await printed('console.log(mp.getStartMethod() === mp.getAllStartMethods()[0]);', env),
      'true',
    );
  });

  it('asking for the method fixes it, unless null is allowed', async () => {
    const code = `
      const seen = [mp.getStartMethod({ allowNone: true }), typeof mp.getStartMethod()];
      try { mp.setStartMethod('spawn'); } catch (error) { seen.push(error.code); }
      console.log(seen.join());
    `;
    assert.equal(await printed(code), ',string,ERR_MP_START_METHOD');
  });

  it('is set once, unless forced, and can be taken back', async () => {
    const code = `
      mp.setStartMethod('spawn');
      const seen = [mp.getStartMethod()];
      try { mp.setStartMethod('spawn'); } catch (error) { seen.push(error.code); }
      mp.setStartMethod('spawn', { force: true });
      mp.setStartMethod(null, { force: true });
      seen.push(mp.getStartMethod({ allowNone: true }));
      console.log(seen.join());
    `;
    assert.equal(await printed(code), 'spawn,ERR_MP_START_METHOD,');
  });

  it('the environment can name the default', async () => {
    const code = 'console.log(mp.getStartMethod());';
    assert.equal(await printed(code, { NODE_MULTIPROCESSING_START_METHOD: 'spawn' }), 'spawn');
    const wrongName = `try { mp.getStartMethod(); } catch (error) { console.log(error.message); }`;
    assert.match(
      await printed(wrongName, { NODE_MULTIPROCESSING_START_METHOD: 'teleport' }),
      /cannot find context for "teleport": start methods are .*spawn/,
    );
  });

  it('refuses what is no method', () => {
    assert.throws(() => mp.getContext('teleport' as mp.StartMethod), wrong);
    assert.throws(() => mp.getContext(5 as never), TypeError);
    assert.throws(() => new mp.Process({ context: 'teleport' as mp.StartMethod }), wrong);
    assert.throws(() => new mp.Process({ context: {} as never }), TypeError);
  });

  it('setExecutable() takes strings, bytes and URLs', async () => {
    for (const path of [
      process.execPath,
      Buffer.from(process.execPath),
      pathToFileURL(process.execPath),
    ]) {
      mp.setExecutable(path);
      const child = new mp.Process({ target: targets.square, args: [4], context: 'spawn' });
      await child.start();
      assert.equal(await within('the result', child.result()), 16);
      await child.join();
    }
    assert.throws(() => {
      mp.setExecutable(5 as never);
    }, TypeError);
  });

  it('an executable that does not exist is an error of start(), and leaves nothing', async () => {
    after(() => {
      mp.setExecutable(process.execPath);
    });
    mp.setExecutable('/nowhere/node');
    const child = new mp.Process({ target: targets.square, args: [4], context: 'spawn' });
    await assert.rejects(child.start(), (error: mp.SystemCallError) => {
      assert.equal(error.name, 'SystemCallError');
      assert.equal(error.syscall, 'posix_spawn');
      return true;
    });
    mp.setExecutable(process.execPath);
    assert.equal(child.pid, null);
    await child.start();
    assert.equal(await within('the result', child.result()), 16);
    await child.join();
  });

  it('setForkserverPreload() takes names only', () => {
    assert.throws(() => {
      mp.setForkserverPreload([5] as never);
    }, TypeError);
    assert.throws(() => {
      mp.setForkserverPreload('module' as never);
    }, TypeError);
  });
});

describe('contexts', () => {
  it('have the whole API, bound to their method', async () => {
    const context = mp.getContext('spawn');
    assert.equal(context.getContext(), context);
    assert.equal(context.getStartMethod(), 'spawn');
    assert.equal(mp.getContext('spawn'), context);
    assert.equal(context.Lock, mp.Lock);
    for (const name of Object.keys(mp)) assert.ok(name in context, name);
    assert.throws(() => context.setStartMethod('spawn'), wrong);
    const child = new context.Process({ target: targets.square, args: [5] });
    assert.ok(child instanceof mp.Process);
    assert.match(child.name, /^SpawnProcess-\d+$/);
    await child.start();
    assert.equal(await within('the result', child.result()), 25);
    await child.join();
  });

  it('a process of an explicit context does not fix the global method', async () => {
    const code = `
      exports.f = () => {};
      if (mp.isMainProcess()) {
        const child = new mp.Process({ target: exports.f, context: mp.getContext('spawn') });
        child.startSync();
        child.joinSync();
        console.log(child.exitCode, mp.getStartMethod({ allowNone: true }));
      }
    `;
    assert.equal(await printed(code), '0 null');
  });

  it('objects of one context work in processes of another', async () => {
    const lock = new mp.Lock();
    for (const method of mp.getAllStartMethods()) {
      if (method === 'fork') continue;
      const context = mp.getContext(method);
      const value = new context.Value('i', 0);
      const child = new context.Process({ target: targets.acquireAndCount, args: [lock, value] });
      await child.start();
      await within(`a child of ${method}`, child.join());
      assert.equal(value.value, 1_000, method);
    }
  });
});
