// Shared memory as users notice it: it comes back when objects are collected, and it grows.
import assert from 'node:assert/strict';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage.js';
import { turns, until, within } from '../helpers/watchdog.js';

const { granule } = native.constants;
const usedBytes = (): number => native.treeInfo().usedBytes;

describe('memory of shared objects', () => {
  before(() => {
    // Opens the tree's memory.
    mp.share(new mp.Lock());
  });

  it('50,000 locks that are dropped give all their bytes back', async () => {
    await collectGarbage();
    const before = usedBytes();
    const make = () => {
      const locks = Array.from({ length: 50_000 }, () => new mp.Lock());
      assert.ok(usedBytes() >= before + locks.length * granule);
      assert.ok(locks.every((lock) => lock.tryAcquire()));
    };
    make();
    await collectGarbage();
    await until('all bytes back', () => usedBytes() <= before);
  });

  it('grows beyond its first 256 KiB, and uses again what was freed', async () => {
    const count = 20_000;
    const committed = () => native.treeInfo().committedBytes;
    const before = usedBytes();
    const make = () => {
      const semaphores = Array.from({ length: count }, (_, i) => new mp.Semaphore(i));
      assert.ok(semaphores.every(({ value }, i) => value === i));
    };
    make();
    const grown = committed();
    assert.ok(grown > 256 * 1024 && grown >= count * granule);
    await collectGarbage();
    await until('all bytes back', () => usedBytes() <= before);
    make();
    assert.equal(committed(), grown);
    await collectGarbage();
  });

  it('an object that was shared stays when it is dropped here', async () => {
    const shareOne = () => {
      const lock = new mp.Lock();
      lock.acquireSync();
      return mp.share(lock);
    };
    const handle = shareOne();
    await collectGarbage();
    const lock = mp.attach(handle);
    assert.equal(lock.locked(), true);
    lock.release();
  });

  it('an object that is dropped while a promise waits for it stays until the wait has ended', async () => {
    const count = 100;
    const before = usedBytes();
    const results: boolean[] = [];
    const startWaits = () => {
      for (let i = 0; i < count; i++) {
        const lock = new mp.Lock();
        lock.acquireSync();
        void lock.acquire({ timeout: 300 }).then((acquired) => results.push(acquired));
      }
    };
    startWaits();
    await collectGarbage();
    // If the locks' memory were free already, these would lie in it and be taken for locks.
    const semaphores = Array.from({ length: count }, () => new mp.Semaphore(0));
    await until('the end of all waits', () => results.length === count);
    assert.deepEqual(new Set(results), new Set([false]));
    assert.ok(semaphores.every(({ value }) => value === 0));
    assert.ok(semaphores.every((semaphore) => !semaphore.tryAcquire()));
    semaphores.length = 0;
    await collectGarbage();
    await until('all bytes back', () => usedBytes() <= before);
  });

  it('blocks are 64-byte aligned, zeroed, apart from each other, and freed once', () => {
    const sizes = [1, 64, 65, 4096, 100_000];
    const blocks = sizes.map((size) => ({ size, address: native.allocate(size) }));
    for (const { size, address } of blocks) {
      assert.equal(address % granule, 0);
      const bytes = new Uint8Array(native.bytes(address, size));
      assert.ok(bytes.every((byte) => byte === 0));
      bytes.fill(size % 251);
    }
    for (const { size, address } of blocks) {
      assert.ok(new Uint8Array(native.bytes(address, size)).every((byte) => byte === size % 251));
      assert.equal(native.free(address), true);
      assert.equal(native.free(address), false);
    }
  });

  it('a bulk view copies both ways', async () => {
    const size = 1_000_000;
    const address = native.allocate(size);
    const bytes = Buffer.from(native.bytes(address, size));
    const sent = Buffer.alloc(size, 'a bulk copy; ');
    assert.equal(sent.copy(bytes), size);
    const again = Buffer.from(native.bytes(address, size));
    assert.ok(again.equals(sent));
    const words = new Uint32Array(native.bytes(address + 64, 4));
    words[0] = 0xdecade;
    assert.equal(bytes.readUInt32LE(64), 0xdecade);
    native.free(address);
    await collectGarbage();
    await turns();
  });

  it('views of what is not there are refused', () => {
    const end = native.treeInfo().capacity;
    // Behind the tree's memory there may be that of names.
    const last = native.constants.windowBytes - 64;
    assert.throws(() => native.bytes(last, 1), { code: 'ERR_MP_INTERNAL' });
    assert.throws(() => native.bytes(2 ** 40, 64), { code: 'ERR_MP_INTERNAL' });
    assert.throws(() => native.bytes(64, end), { code: 'ERR_MP_INTERNAL' });
    for (const wrong of [-1, 0.5, NaN, Infinity]) {
      assert.throws(() => native.bytes(wrong, 64), RangeError);
      assert.throws(() => native.allocate(wrong), RangeError);
    }
  });

  it('a block larger than the memory can ever be is a typed error', () => {
    assert.throws(() => native.allocate(2 ** 31), {
      name: 'MultiprocessingError',
      code: 'ERR_MP_MEMORY_EXHAUSTED',
    });
    assert.equal(new mp.Lock().tryAcquire(), true);
  });

  it('native calls on what is no object of that kind are refused, never a crash', async () => {
    const { offset } = mp.share(new mp.Semaphore(1)).place;
    const block = native.allocate(granule);
    for (const address of [0, 1, 64, offset + 4, block, 2 ** 40]) {
      assert.throws(() => native.lockTryAcquire(address), { code: 'ERR_MP_INTERNAL' });
      assert.throws(() => native.rlockRelease(address), { code: 'ERR_MP_INTERNAL' });
      assert.throws(() => native.lockAcquire(address, 0), { code: 'ERR_MP_INTERNAL' });
    }
    assert.throws(() => native.lockTryAcquire(offset), { code: 'ERR_MP_INTERNAL' });
    assert.throws(() => native.semaphoreAcquire(offset, NaN), RangeError);
    assert.throws(() => native.attempt(2 ** 50), { code: 'ERR_MP_INTERNAL' });
    await within('nothing', turns(1));
  });
});
