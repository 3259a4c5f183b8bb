// One set of classes and one memory, whichever way the package is loaded.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog.js';

const load = createRequire(__filename);

describe('require and import of the package', () => {
  it('give the same exports, each the same object', async () => {
    const imported = (await import('node-multiprocessing')) as unknown as Record<string, unknown>;
    const required = load('node-multiprocessing') as Record<string, unknown>;
    const names = Object.keys(required);
    assert.ok(names.includes('Lock') && names.includes('attach'));
    for (const name of names) assert.equal(imported[name], required[name], name);
    const extra = Object.keys(imported).filter(
      (name) => !['default', 'module.exports', '__esModule'].includes(name),
    );
    assert.deepEqual(extra.sort(), names.sort());
  });

  it('objects made through one are instances of the other, errors too', async () => {
    const imported = await import('node-multiprocessing');
    const required = load('node-multiprocessing') as typeof mp;
    const lock = new imported.Lock();
    assert.ok(lock instanceof required.Lock);
    assert.ok(required.attach(imported.share(lock)) instanceof imported.Lock);
    assert.throws(() => {
      lock.release();
    }, required.OverReleaseError);
  });

  it('an ES module in a Worker shares locks with CommonJS here', async () => {
    const lock = new mp.Lock();
    const code = `
      import { Lock, attach } from 'node-multiprocessing';
      import { workerData, parentPort } from 'node:worker_threads';
      const lock = attach(workerData);
      parentPort.postMessage([lock instanceof Lock, lock.tryAcquire()]);`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(resolved(code))}`);
    lock.acquireSync();
    const worker = new Worker(url, { workerData: mp.share(lock) });
    const message = await within(
      'the worker',
      new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject)),
    );
    assert.deepEqual(message, [true, false]);
    lock.release();
    await worker.terminate();
  });

  it('a second copy of the scripts shares memory and locks with the first', () => {
    const cached = Object.keys(load.cache).filter((path) => /\/dist\/.*\.js$/.test(path));
    const kept = cached.map((path) => [path, load.cache[path]] as const);
    for (const path of cached) Reflect.deleteProperty(load.cache, path);
    try {
      const second = load('node-multiprocessing') as typeof mp;
      assert.notEqual(second.Lock, mp.Lock);
      const lock = new mp.Lock();
      const same = second.attach<mp.Lock>(mp.share(lock));
      lock.acquireSync();
      assert.equal(same.tryAcquire(), false);
      assert.equal(same.acquireSync({ timeout: 5 }), false);
      same.release();
      assert.equal(lock.locked(), false);
    } finally {
      for (const [path, module] of kept) load.cache[path] = module;
    }
  });
});

/** Names inside data: URLs cannot be looked up in node_modules. */
function resolved(code: string): string {
  const entry = load.resolve('node-multiprocessing').replace(/\.js$/, '.mjs');
  return code.replace(`'node-multiprocessing'`, JSON.stringify(`file://${entry}`));
}
