// share() and attach() across processes: strangers, versions, handles of what is gone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { Party } from '../helpers/party.js';
import { randomFrom, runSeed } from '../helpers/random.js';

const program = join(__dirname, 'child-main.js');
const run = promisify(execFile);

interface Attached {
  readonly thrown?: { name: string; code: string; message: string };
}

/** What a new process that knows nothing of us gets from the handle. */
async function attachAsStranger(handle: unknown): Promise<Attached> {
  const args = [program, 'attach', JSON.stringify(handle)];
  const { stdout } = await run(process.execPath, args, { timeout: 15_000 });
  return JSON.parse(stdout) as Attached;
}

/** Runs with four bytes of another process's segment changed, and puts them back. */
async function withHeaderWord(
  { pid, descriptor }: { pid: number; descriptor: number },
  { position, value }: { position: number; value: number },
  run: () => Promise<void>,
): Promise<void> {
  const file = openSync(`/proc/${pid}/fd/${descriptor}`, 'r+');
  const before = Buffer.alloc(4);
  const changed = Buffer.alloc(4);
  changed.writeUInt32LE(value >>> 0);
  try {
    readSync(file, before, 0, 4, position);
    writeSync(file, changed, 0, 4, position);
    await run();
  } finally {
    writeSync(file, before, 0, 4, position);
    closeSync(file);
  }
}

describe('attach() of handles from other processes', () => {
  let owner: Party;
  let handle: mp.SharedHandle<mp.Lock>;

  before(async () => {
    owner = await Party.start('process');
    handle = (await owner.play('makeLock', [])) as mp.SharedHandle<mp.Lock>;
  });
  after(() => owner.end());

  it('gives the object to a process that never shared memory before', async () => {
    assert.deepEqual(await attachAsStranger(handle), {});
  });

  it('gives the object to a process that has memory of its own', async () => {
    const mine = new mp.Lock();
    mine.acquireSync();
    const lock = mp.attach(handle);
    assert.equal(lock.tryAcquire(), true);
    assert.equal(await owner.call(lock, 'tryAcquire'), false);
    const acquired = owner.call(lock, 'acquire');
    lock.release();
    assert.equal(await acquired, true);
    assert.equal(lock.locked(), true);
    assert.equal(mine.locked(), true);
    await owner.call(lock, 'release');
    mine.release();
  });

  it('travels on: a handle of a handle names the same object', async () => {
    const lock = mp.attach(handle);
    const again = mp.share(lock);
    assert.equal(again.place.segment, handle.place.segment);
    assert.equal(again.place.offset, handle.place.offset);
    assert.deepEqual(await attachAsStranger(again), {});
  });

  it('is plain data: JSON and structured clone carry it', () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    for (const copy of [
      JSON.parse(JSON.stringify(mp.share(lock))),
      structuredClone(mp.share(lock)),
    ]) {
      assert.equal(mp.attach(copy as mp.SharedHandle<mp.Lock>).locked(), true);
    }
    lock.release();
  });

  it('keeps the class, options and initial values', () => {
    const bounded = mp.attach(mp.share(new mp.BoundedSemaphore(3)));
    assert.ok(bounded instanceof mp.BoundedSemaphore);
    assert.throws(() => {
      bounded.release();
    }, mp.OverReleaseError);
    assert.ok(mp.attach(mp.share(new mp.RLock())) instanceof mp.RLock);
    const semaphore = mp.attach(mp.share(new mp.Semaphore(7)));
    assert.equal(semaphore.value, 7);
    assert.equal(semaphore instanceof mp.BoundedSemaphore, false);
  });

  it('of another layout version tells both versions', async () => {
    const wrong = { position: native.constants.versionInHeader, value: 99 };
    await withHeaderWord(handle.place, wrong, async () => {
      const { thrown } = await attachAsStranger(handle);
      assert.equal(thrown?.name, 'MultiprocessingError');
      assert.equal(thrown.code, 'ERR_MP_LAYOUT');
      const version = String(native.constants.layoutVersion);
      assert.match(
        thrown.message,
        new RegExp(`version 99.*reads version ${version}.*same version`),
      );
    });
    assert.deepEqual(await attachAsStranger(handle), {});
  });

  it('of another architecture, and of what is no segment, says so', async () => {
    const architecture = { position: native.constants.versionInHeader + 4, value: 0x42450408 };
    await withHeaderWord(handle.place, architecture, async () => {
      const { thrown } = await attachAsStranger(handle);
      assert.equal(thrown?.code, 'ERR_MP_LAYOUT');
      assert.match(thrown.message, /another architecture/);
    });
    await withHeaderWord(handle.place, { position: 0, value: 1 }, async () => {
      const { thrown } = await attachAsStranger(handle);
      assert.equal(thrown?.code, 'ERR_MP_LAYOUT');
      assert.match(thrown.message, /not shared memory of node-multiprocessing/);
    });
  });

  it('of a process that has ended is stale', async () => {
    const gone = await Party.start('process');
    const stale = (await gone.play('makeLock', [])) as mp.SharedHandle<mp.Lock>;
    await gone.kill();
    assert.throws(() => mp.attach(stale), {
      name: 'MultiprocessingError',
      code: 'ERR_MP_HANDLE_STALE',
      message: /process that shared it has ended/,
    });
  });

  it('of an object that is not there any more is stale', () => {
    const { place } = mp.share(new mp.Lock());
    for (const change of [{ serial: place.serial + 1 }, { offset: place.offset + 64 * 500 }]) {
      const stale = { type: 'Lock', place: { ...place, ...change } };
      assert.throws(() => mp.attach(stale), { code: 'ERR_MP_HANDLE_STALE' });
    }
  });

  it('of a descriptor that is no segment throws and leaks nothing', () => {
    const { place } = mp.share(new mp.Lock());
    const segment = place.segment.replace(/^../, (byte) => (byte === '00' ? '01' : '00'));
    for (const descriptor of [0, 1, 2, 9999]) {
      const strange = { type: 'Lock', place: { ...place, segment, descriptor } };
      for (let i = 0; i < 50; i++) {
        assert.throws(
          () => mp.attach(strange),
          (error: unknown) =>
            ['ERR_MP_HANDLE_STALE', 'ERR_MP_LAYOUT'].includes((error as { code: string }).code),
        );
      }
    }
    assert.equal(new mp.Lock().tryAcquire(), true);
  });

  it('that are mangled at random throw typed errors, never crash', () => {
    const seed = runSeed();
    const random = randomFrom(seed);
    const { place, type } = mp.share(new mp.Lock());
    const numbers = ['pid', 'descriptor', 'offset', 'kind', 'serial'] as const;
    for (let i = 0; i < 2_000; i++) {
      const field = numbers[Math.floor(random() * numbers.length)]!;
      const scale = 2 ** Math.floor(random() * 53);
      const value = Math.floor((random() - 0.3) * scale);
      const mangled = { type, place: { ...place, [field]: value } };
      try {
        mp.attach(mangled);
      } catch (error) {
        const { code } = error as { code?: string };
        assert.match(
          String(code),
          /^ERR_/,
          `seed ${seed}: ${JSON.stringify(mangled)}: ${String(error)}`,
        );
      }
    }
  });
});
