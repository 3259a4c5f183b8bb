// How long shared objects live: as long as any process or thread can reach them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';

import { dropHandle, handleOf } from '#internal/memory/handles';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage.js';
import { until } from '../helpers/watchdog.js';
import { Keeper, keeperKinds } from './keeper.js';

const usedBytes = (): number => native.treeInfo().usedBytes;
const stale = { name: 'MultiprocessingError', code: 'ERR_MP_HANDLE_STALE' };

/** What a block of data takes: its header, and the data in whole granules. */
const blockBytes = (bytes: number): number => {
  const { granule, blockData } = native.constants;
  return Math.ceil((blockData + bytes) / granule) * granule;
};

/** What a handle of a new object is, when nothing else is left of it here. */
async function handleOnly(make: () => object): Promise<mp.SharedHandle> {
  const handle = ((): mp.SharedHandle => mp.share(make()))();
  await collectGarbage();
  return handle;
}

async function startOfTest(): Promise<number> {
  mp.share(new mp.Lock());
  await collectGarbage();
  return usedBytes();
}

describe('the life of a shared object, in one thread', () => {
  it('ends when the last object for it is collected, however often it was attached', async () => {
    const before = await startOfTest();
    const first = new mp.Value('i', 7);
    let second: mp.Value<'i'> | undefined = mp.attach(mp.share(first));
    assert.equal(second.value, 7);
    second = undefined;
    await collectGarbage();
    const third = mp.attach(mp.share(first));
    assert.equal(third.value, 7);
    assert.ok(usedBytes() > before);
    const forget = (...objects: { value: number }[]) => objects.map(({ value }) => value);
    assert.deepEqual(forget(first, third), [7, 7]);
  });

  it('lasts while a handle is in flight, and no longer', async () => {
    const before = await startOfTest();
    const handle = await handleOnly(() => new mp.Value('i', 5));
    assert.ok(usedBytes() > before);
    const attach = () => (mp.attach(handle) as mp.Value<'i'>).value;
    assert.equal(attach(), 5);
    await collectGarbage();
    assert.equal(usedBytes(), before);
    assert.throws(attach, stale);
  });

  it('of a handle is for one receiver: a second one finds it while others hold it', async () => {
    const value = new mp.Value('i', 5);
    const handle = mp.share(value);
    assert.equal(mp.attach(handle).value, 5);
    assert.equal(mp.attach(handle).value, 5);
    await collectGarbage();
    assert.equal(value.value, 5);
    assert.equal(mp.attach(handle).value, 5);
  });

  it('ends with the handle that is taken back, and with that of its lock', async () => {
    const before = await startOfTest();
    const handle = await handleOnly(() => new mp.Array('d', 1000));
    assert.ok(usedBytes() >= before + 8000);
    dropHandle(handle);
    assert.equal(usedBytes(), before);
    assert.throws(() => mp.attach(handle), stale);
    dropHandle(handle);
    dropHandle({ place: null });
  });

  it('is not shortened by a handle that is taken back after it was attached', () => {
    const handle = mp.share(new mp.RawArray('d', [1, 2, 3]));
    const array = mp.attach(handle);
    dropHandle(handle);
    assert.deepEqual([...array], [1, 2, 3]);
  });

  it('does not begin when attach() refuses the handle', async () => {
    const before = await startOfTest();
    const handle = await handleOnly(() => new mp.Value(mp.struct({ x: 'd' })));
    const wrong = { ...handle, detail: { struct: { fields: [['y', 'nonsense']] } } };
    assert.throws(() => mp.attach(wrong));
    dropHandle(handle);
    assert.equal(usedBytes(), before);
  });
});

for (const kind of keeperKinds) {
  describe(`the life of a shared object that another ${kind} holds`, () => {
    let keeper: Keeper;
    beforeEach(() => {
      keeper = new Keeper(kind);
    });
    afterEach(() => keeper.kill());

    it('does not end when its creator drops it', async () => {
      const before = await startOfTest();
      await keeper.do('keep', [await handleOnly(() => new mp.RawArray('d', [1, 2, 3]))]);
      await collectGarbage();
      // If the memory were free, this would be in it.
      new mp.RawArray('d', [4, 5, 6]);
      assert.deepEqual(await keeper.do('read'), [[1, 2, 3]]);
      await keeper.do('drop');
      await collectGarbage();
      assert.equal(usedBytes(), before);
    });

    it('does not end when its creator closes it', async () => {
      const array = new mp.RawArray('d', [1, 2, 3]);
      await keeper.do('keep', [mp.share(array)]);
      array.close();
      assert.equal(array.length, 0);
      assert.deepEqual(await keeper.do('read'), [[1, 2, 3]]);
    });

    it('lasts as long as a subarray() there', async () => {
      const before = await startOfTest();
      const arrays = Array.from({ length: 20 }, (_, i) => new mp.RawArray('d', 100).fill(i));
      await keeper.do('keep', arrays.map(mp.share));
      await keeper.do('keepParts', 10, 12);
      arrays.length = 0;
      await collectGarbage();
      const others = Array.from({ length: 40 }, () => new mp.RawArray('d', 100).fill(-1));
      const expected = Array.from({ length: 20 }, (_, i) => [i, i]);
      assert.deepEqual(await keeper.do('read'), expected);
      others.length = 0;
      await keeper.do('drop');
      await collectGarbage();
      assert.equal(usedBytes(), before);
    });

    for (const way of ['end', 'kill'] as const) {
      it(`ends with it: ${way}`, async () => {
        const before = await startOfTest();
        const handles = [];
        for (let i = 0; i < 20; i++) handles.push(await handleOnly(() => new mp.Value('i', i)));
        await keeper.do('keep', handles);
        const inFlight = await keeper.do('make', 1);
        assert.ok(usedBytes() >= before + 20 * 192);
        await keeper[way]();
        native.sweep();
        assert.equal(usedBytes(), before);
        assert.throws(() => mp.attach(inFlight), stale);
      });
    }

    it('does not end with it when the handle lives with its receiver', async () => {
      const before = await startOfTest();
      // So that it makes its objects in this tree.
      await keeper.do('touch', [await handleOnly(() => new mp.Lock())]);
      const handle = await keeper.do('makeFor', native.selfAt(0), 99);
      await keeper.kill();
      native.sweep();
      const read = () => (mp.attach(handle) as mp.Value<'i'>).value;
      assert.equal(read(), 99);
      await collectGarbage();
      assert.equal(usedBytes(), before);
    });

    // A thread gets fewer: only the way of the messages is another.
    const count = kind === 'process' ? 100_000 : 10_000;
    it(`returns the memory of ${count} Values and 1,000 Arrays that were sent and dropped`, async function () {
      this.timeout(120_000);
      const before = await startOfTest();
      const batch = 5_000;
      for (let i = 0; i < count; i += batch) {
        const make = () => Array.from({ length: batch }, (_, k) => mp.share(new mp.Value('i', k)));
        await keeper.do('touch', make());
      }
      await keeper.do(
        'touch',
        Array.from({ length: 999 }, () => mp.share(new mp.Array('d', 500))),
      );
      const last = new mp.RawArray('d', 500).fill(3);
      await keeper.do('keep', [mp.share(last)]);
      await keeper.do('keepParts', 100, 103);
      await collectGarbage();
      assert.equal(usedBytes(), before + blockBytes(500 * 8));
      assert.deepEqual(await keeper.do('read'), [[3, 3, 3]]);
      assert.equal(last[102], 3);
    });
  });
}

describe('a tree of processes', () => {
  /** Pids of those who have the memory file mapped. */
  function whoMaps(inode: number): string[] {
    return readdirSync('/proc').filter((pid) => {
      try {
        const maps = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/maps`, 'utf8') : '';
        return new RegExp(` ${inode} +/memfd:node-multiprocessing`).test(maps);
      } catch {
        return false; // it has ended meanwhile, or is another user's
      }
    });
  }

  it('leaves nothing when all of it is killed at once', async () => {
    const [one, two] = [new Keeper('process'), new Keeper('process')];
    const { pid, descriptor } = await one.do('makeTree');
    const { ino } = statSync(`/proc/${pid}/fd/${descriptor}`);
    // It has no name: only those who have it open, or mapped, keep it.
    assert.equal(statSync(`/proc/${pid}/fd/${descriptor}`).nlink, 0);
    await two.do('keep', [await one.do('make', 1)]);
    assert.deepEqual(whoMaps(ino).map(Number).sort(), [one.pid, two.pid].sort());
    await Promise.all([one.kill(), two.kill()]);
    await until('nobody with the memory', () => whoMaps(ino).length === 0);
  });

  it('gives a new process the same objects after the one that made them has ended', async () => {
    const before = await startOfTest();
    const mine = new mp.Value('i', 0);
    const [one, two] = [new Keeper('process'), new Keeper('process')];
    await one.do('keep', [mp.share(mine)]);
    await two.do('keep', [mp.share(mine)]);
    const made = await one.do('make', 41);
    await two.do('keep', [made]);
    await one.kill();
    native.sweep();
    assert.ok(usedBytes() > before);
    const again = mp.attach(made) as mp.Value<'i'>;
    assert.equal(again.value, 41);
    await two.end();
    assert.equal(handleOf(again)!.place.serial, made.place.serial);
  });
});
