// Thousands of promises that wait at once: the process goes on with everything else.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { inMs, report } from '../helpers/figures.js';
import { isUntouched } from '../helpers/shared-words.js';
import { timed, within } from '../helpers/watchdog.js';

const objects = 10_000;

/** What runs on Node's own thread pool. */
async function useServices(): Promise<void> {
  const [text, address, key] = await Promise.all([
    readFile(__filename, 'utf8'),
    lookup('127.0.0.1'),
    promisify(pbkdf2)('a password', 'salt', 1_000, 32, 'sha256'),
  ]);
  assert.ok(text.includes('useServices'));
  assert.equal(address.address, '127.0.0.1');
  assert.equal(key.length, 32);
}

describe('pending awaits', () => {
  it(`${objects} for as many locks leave fs, dns and crypto working, and all end`, async () => {
    const locks = Array.from({ length: objects }, () => new mp.Lock());
    for (const lock of locks) lock.acquireSync();
    const rssBefore = process.memoryUsage().rss;
    const started = await timed(() => locks.map((lock) => lock.acquire()));
    const rssMiB = (process.memoryUsage().rss - rssBefore) / 2 ** 20;
    const services = await timed(() => within('fs, dns and crypto', useServices(), 5_000));
    const ended = await timed(() => {
      for (const lock of locks) lock.release();
      return within('all awaits', Promise.all(started.result), 15_000);
    });
    assert.ok(ended.result.every((acquired) => acquired));
    for (const lock of locks) lock.release();
    assert.ok(locks.every(isUntouched));
    report(
      `started in ${inMs(started.ms)}, ${rssMiB.toFixed(0)} MiB, ${native.hubThreads()} threads`,
    );
    report(`services in ${inMs(services.ms)}, all released in ${inMs(ended.ms)}`);
  });

  it('10,000 for one lock all get it, in order', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    let next = 0;
    const waits = Array.from({ length: 10_000 }, async (_, i) => {
      await lock.acquire();
      assert.equal(next++, i);
      lock.release();
    });
    await within('fs, dns and crypto', useServices(), 5_000);
    lock.release();
    await within('all awaits', Promise.all(waits), 15_000);
    assert.ok(isUntouched(lock));
  });

  it('one wakes while thousands of others wait on', async () => {
    const locks = Array.from({ length: objects }, () => new mp.Lock());
    for (const lock of locks) lock.acquireSync();
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const waits = locks.map((lock) => lock.acquire({ signal: controller.signal }));
    for (let i = 0; i < 20; i++) {
      const chosen = Math.floor((i * objects) / 20);
      locks[chosen]!.release();
      assert.equal(await within('the one', waits[chosen]!), true);
    }
    const rest = Promise.allSettled(waits);
    controller.abort();
    const aborted = (await within('the aborts', rest)).filter(
      ({ status }) => status === 'rejected',
    );
    assert.equal(aborted.length, objects - 20);
    for (const lock of locks) lock.release();
    assert.ok(locks.every(isUntouched));
  });
});
