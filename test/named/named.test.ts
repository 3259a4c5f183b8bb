// Objects that processes find by a name: Class.open and unlink.
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

import { within } from '../helpers/watchdog';
import { fileOf, useNames, useStrangers } from './strangers';

const withCode = (code: string) => ({ code });
const newLock = { create: true, exclusive: true };

/** Resolves when there is such a file. */
function existence(path: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (existsSync(path)) resolve();
      else setImmediate(look);
    };
    look();
  });
}

describe('an object with a name', () => {
  const newName = useNames();
  const start = useStrangers();

  it('is shared by processes that share nothing else', async () => {
    const name = newName();
    const lock = mp.Lock.open(name, newLock);
    const other = start();
    assert.deepEqual(await other.ask({ ask: 'open', name }), { value: true });
    lock.acquireSync();
    assert.deepEqual(await other.ask({ ask: 'acquire', name }), { value: false });
    lock.release();
    assert.deepEqual(await other.ask({ ask: 'acquire', name }), { value: true });
    assert.equal(lock.tryAcquire(), false);
    await other.kill();
    assert.equal(await lock.acquire(), true);
    assert.equal(lock.abandoned, true);
    lock.release();
  });

  it('is made by exactly one of 20 processes that create it at once', async () => {
    const name = newName();
    const others = Array.from({ length: 20 }, () => start());
    const value = { name, type: 'Value', options: { create: true, type: 'i' } } as const;
    const exclusive = { ...value, options: { ...value.options, exclusive: true } };
    const created = await Promise.all(others.map((one) => one.ask({ ask: 'open', ...exclusive })));
    assert.equal(created.filter((reply) => reply.value === true).length, 1);
    assert.equal(created.filter(({ code }) => code === 'ERR_MP_NAME_EXISTS').length, 19);
    const shared = newName();
    const all = await Promise.all(
      others.map((one) => one.ask({ ask: 'open', ...value, name: shared })),
    );
    assert.ok(all.every((reply) => reply.value === true));
    await Promise.all(others.map((one) => one.ask({ ask: 'add', name: shared })));
    assert.equal(mp.Value.open(shared, { type: 'i' }).value, 20);
  }).timeout(60_000);

  it('is this user’s only, unless a mode says else', () => {
    const [own, shared] = [newName(), newName()];
    mp.Event.open(own, { create: true });
    mp.Event.open(shared, { create: true, mode: 0o660 });
    assert.equal(statSync(fileOf(own)).mode & 0o7777, 0o600);
    assert.equal(statSync(fileOf(shared)).mode & 0o7777, 0o660);
  });

  it('is not found before it is made, nor after unlink', () => {
    const name = newName();
    assert.throws(() => mp.Lock.open(name), withCode('ERR_MP_NAME_NOT_FOUND'));
    mp.Lock.open(name, newLock);
    assert.throws(() => mp.Lock.open(name, newLock), withCode('ERR_MP_NAME_EXISTS'));
    mp.unlink(name);
    assert.throws(() => mp.Lock.open(name), withCode('ERR_MP_NAME_NOT_FOUND'));
    assert.throws(
      () => {
        mp.unlink(name);
      },
      (error) => error instanceof mp.NameError && error.objectName === name,
    );
  });

  it('goes on for those who use it when its name is removed and given again', async () => {
    const name = newName();
    const first = mp.Event.open(name, newLock);
    const other = start();
    await other.ask({ ask: 'open', name, type: 'Event' });
    mp.unlink(name);
    const second = mp.Event.open(name, newLock);
    await other.ask({ ask: 'set', name });
    assert.equal(first.isSet(), true);
    assert.equal(second.isSet(), false);
  });

  it('outlives those who use it', async () => {
    const name = newName();
    const maker = start();
    const options = { create: true, type: 'i', initial: 41 };
    await maker.ask({ ask: 'open', name, type: 'Value', options });
    await maker.ask({ ask: 'add', name });
    await maker.end();
    assert.equal(mp.Value.open(name, { type: 'i' }).value, 42);
  });

  it('can be opened only as what it is', () => {
    const [lock, value, array, barrier] = [newName(), newName(), newName(), newName()];
    const isWrong = withCode('ERR_MP_NAME_TYPE');
    mp.Lock.open(lock, newLock);
    assert.throws(() => mp.RLock.open(lock), isWrong);
    assert.throws(() => mp.Value.open(lock, { create: true, type: 'i' }), isWrong);
    mp.Value.open(value, { create: true, type: 'i' });
    assert.throws(() => mp.Value.open(value, { type: 'd' }), isWrong);
    assert.throws(() => mp.Array.open(value), isWrong);
    mp.Array.open(array, { create: true, type: 'd', content: 3, lock: false });
    assert.throws(() => mp.Array.open(array, { type: 'd' }), isWrong);
    assert.throws(() => mp.Array.open(array, { content: 4, lock: false }), isWrong);
    mp.Barrier.open(barrier, { create: true, parties: 2 });
    assert.throws(() => mp.Barrier.open(barrier, { parties: 3 }), isWrong);
  });

  it('is not opened when another layout or something else is in its file', async () => {
    const [lock, nothing] = [newName(), newName()];
    const maker = start();
    await maker.ask({ ask: 'open', name: lock, options: newLock });
    const file = openSync(fileOf(lock), 'r+');
    writeSync(file, Uint8Array.of(99), 0, 1, native.constants.versionInHeader);
    closeSync(file);
    assert.throws(() => mp.Lock.open(lock), { code: 'ERR_MP_LAYOUT', message: /version 99/ });
    for (const size of [0, 5, 4096, 1_000_000]) {
      writeFileSync(fileOf(nothing), Buffer.alloc(size));
      assert.throws(() => mp.Lock.open(nothing), withCode('ERR_MP_LAYOUT'));
    }
  });

  it('is there as a whole or not at all when its maker is killed', async () => {
    const before = readdirSync('/dev/shm');
    const names = Array.from({ length: 200 }, newName);
    const maker = start();
    const options = { create: true, type: 'i', initial: 7 };
    for (const name of names) maker.tell({ ask: 'open', name, type: 'Value', options });
    await within('some of the names', existence(fileOf(names[20]!)));
    await maker.kill();
    const made = names.filter((name) => existsSync(fileOf(name)));
    for (const name of made) assert.equal(mp.Value.open(name, { type: 'i' }).value, 7);
    const files = readdirSync('/dev/shm').filter((file) => !before.includes(file));
    assert.deepEqual(files.sort(), made.map((name) => `nmp.${name}`).sort());
  });
});

describe('open', () => {
  const newName = useNames();

  it('serves all classes', async () => {
    const make = { create: true } as const;
    const semaphore = mp.BoundedSemaphore.open(newName(), { ...make, value: 2 });
    assert.equal(semaphore.value, 2);
    assert.throws(() => {
      semaphore.release();
    }, mp.OverReleaseError);
    assert.equal(mp.Semaphore.open(newName(), { ...make, value: 3 }).value, 3);
    const robust = mp.Semaphore.open(newName(), { ...make, value: 3, robust: true });
    assert.throws(() => {
      robust.release();
    }, mp.NotOwnerError);
    const barrier = mp.Barrier.open(newName(), { ...make, parties: 2 });
    assert.deepEqual((await Promise.all([barrier.wait(), barrier.wait()])).sort(), [0, 1]);
    const array = mp.Array.open(newName(), { ...make, type: 'd', content: [1, 2, 3] });
    assert.deepEqual([...array], [1, 2, 3]);
    array.runExclusiveSync(() => (array[1] = 5));
    const condition = mp.Condition.open(newName(), make);
    await condition.runExclusive(async () => {
      assert.equal(await condition.wait({ timeout: 1 }), false);
      condition.notify();
    });
    const waits = Array.from({ length: 30 }, () => condition.runExclusive(() => condition.wait()));
    // The lock is given in the order of the calls: all of them wait by now.
    await condition.runExclusive(() => {
      condition.notifyAll();
    });
    assert.ok((await Promise.all(waits)).every((notified) => notified));
    const rwlock = mp.RWLock.open(newName(), make);
    rwlock.reader.runExclusiveSync(() => {
      assert.equal(rwlock.writer.tryAcquire(), false);
    });
    const rlock = mp.RLock.open(newName(), make);
    rlock.runExclusiveSync(() => {
      rlock.runExclusiveSync(() => undefined);
    });
  });

  it('gives the same memory to each who opens the name', () => {
    const name = newName();
    const type = mp.struct({ x: 'float64', name: ['char', 8] });
    const point = mp.Value.open(name, { create: true, type, initial: { x: 1, name: 'a' } });
    const again = mp.Value.open(name, { type: mp.struct({ x: 'float64', name: ['char', 8] }) });
    point.x = 2.5;
    assert.equal(again.x, 2.5);
    point.acquireSync();
    assert.equal(again.getLock().locked(), true);
    point.release();
  });

  it('keeps large arrays', () => {
    const name = newName();
    const length = 3_000_000;
    const array = mp.Array.open(name, { create: true, type: 'i', content: length, lock: false });
    array[length - 1] = 9;
    assert.equal(mp.Array.open(name, { type: 'i', lock: false })[length - 1], 9);
  });

  it('opens the objects that a child is given', () => {
    const lock = mp.Lock.open(newName(), newLock);
    const copy = mp.attach(mp.share(lock));
    lock.acquireSync();
    assert.equal(copy.locked(), true);
    copy.release();
  });

  it('works for many names', () => {
    const locks = Array.from({ length: 100 }, () => mp.Lock.open(newName(), newLock));
    for (const lock of locks) lock.acquireSync();
    assert.ok(locks.every((lock) => lock.locked()));
    for (const lock of locks) lock.release();
  });

  it('checks its arguments', () => {
    const isRange = withCode('ERR_OUT_OF_RANGE');
    const isType = withCode('ERR_INVALID_ARG_TYPE');
    for (const name of ['', 'a/b', 'a\0b', 'x'.repeat(201), '\ud800']) {
      assert.throws(() => mp.Lock.open(name), isRange);
    }
    const longest = 'x'.repeat(200);
    mp.Lock.open(longest, { create: true });
    mp.unlink(longest);
    assert.throws(() => mp.Lock.open(7 as never), isType);
    assert.throws(() => mp.Lock.open('a', 7 as never), isType);
    assert.throws(() => mp.Lock.open('a', { exclusive: true }), isType);
    assert.throws(() => mp.Lock.open('a', { create: 1 as never }), isType);
    assert.throws(() => mp.Lock.open('a', { mode: 0o1777 }), isRange);
    assert.throws(() => mp.Value.open('a', { create: true }), isType);
    assert.throws(() => mp.Value.open('a', { type: 'i', lock: new mp.Lock() as never }), isType);
  });
});
