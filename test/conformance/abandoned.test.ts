// Owners that end while they hold a lock: killed, by process.exit(), and normally.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { Party, partyKinds, type PartyKind } from '../helpers/party.js';
import { isUntouched, untilAwaited } from '../helpers/shared-words.js';
import { within } from '../helpers/watchdog.js';

const endings = ['kill', 'end', 'exit'] as const;
const words = { kill: 'was killed', end: 'ended normally', exit: 'called process.exit()' };

/** A lock whose owner has ended, by the ending given. */
async function orphaned<T extends mp.Lock | mp.RLock>(
  lock: T,
  kind: PartyKind,
  ending: (typeof endings)[number],
): Promise<T> {
  const owner = await Party.start(kind);
  assert.equal(await owner.call(lock as mp.Lock, 'acquireSync'), true);
  await owner[ending]();
  return lock;
}

for (const kind of partyKinds) {
  for (const Lock of [mp.Lock, mp.RLock]) {
    for (const ending of endings) {
      it(`${Lock.name}: a free try gets it as abandoned when its owner, a ${kind}, ${words[ending]}`, async () => {
        const lock = await orphaned(new Lock(), kind, ending);
        assert.equal(lock.abandoned, false, 'before anybody has got it');
        assert.equal(lock.tryAcquire(), true);
        assert.equal(lock.abandoned, true);
        assert.equal(lock.locked(), true);
        lock.release();
        assert.equal(lock.abandoned, false);
        assert.equal(lock.acquireSync(), true);
        assert.equal(lock.abandoned, false);
        lock.release();
        assert.ok(isUntouched(lock));
      });
    }

    it(`${Lock.name}: acquireSync() in a third party is woken by the death of a ${kind}`, async () => {
      const lock = new Lock() as mp.Lock;
      const [owner, waiter] = [await Party.start(kind), await Party.start('process')];
      await owner.call(lock, 'acquireSync');
      const acquired = waiter.call(lock, 'acquireSync');
      await untilAwaited(lock);
      await owner.kill();
      assert.equal(await acquired, true);
      assert.equal(await waiter.call(lock, 'abandoned'), true);
      assert.equal(lock.abandoned, true, 'all see it');
      await waiter.call(lock, 'release');
      assert.equal(lock.abandoned, false);
      await waiter.end();
    });
  }

  it(`acquire() here is woken by the death of a ${kind}`, async () => {
    const lock = new mp.Lock();
    const owner = await Party.start(kind);
    await owner.call(lock, 'acquireSync');
    const acquired = lock.acquire();
    await untilAwaited(lock);
    await owner.kill();
    assert.equal(await within('the acquire', acquired), true);
    assert.equal(lock.abandoned, true);
    lock.release();
    assert.ok(isUntouched(lock));
  });

  it(`a nested RLock of a killed ${kind} is had whole by the next owner`, async () => {
    const lock = new mp.RLock();
    const owner = await Party.start(kind);
    for (let i = 0; i < 3; i++) await owner.call(lock, 'acquireSync');
    await owner.kill();
    lock.acquireSync();
    assert.equal(lock.abandoned, true);
    lock.acquireSync();
    lock.release();
    assert.equal(lock.abandoned, true, 'until the last release');
    lock.release();
    assert.equal(lock.locked(), false);
    assert.equal(lock.abandoned, false);
  });

  it(`an abandoned lock that is abandoned again by a ${kind} stays abandoned`, async () => {
    const lock = await orphaned(new mp.Lock(), kind, 'kill');
    await orphaned(lock, kind, 'kill');
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, true);
    lock.release();
  });

  it(`a lock whose ${kind} ended after release is not abandoned`, async () => {
    const lock = new mp.Lock();
    const other = await Party.start(kind);
    await other.call(lock, 'acquireSync');
    await other.call(lock, 'release');
    await other.kill();
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, false);
    lock.release();
  });

  it(`a ${kind} that is killed while it waits leaves nothing behind`, async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const [blocking, awaiting] = [await Party.start(kind), await Party.start(kind)];
    const waits = [blocking.call(lock, 'acquireSync'), awaiting.call(lock, 'acquire')];
    for (const wait of waits) wait.catch(() => undefined);
    await untilAwaited(lock);
    await Promise.all([blocking.kill(), awaiting.kill()]);
    lock.release();
    assert.equal(await within('the acquire', lock.acquire()), true);
    assert.equal(lock.abandoned, false);
    lock.release();
  });

  it(`a pending acquire() keeps a ${kind} alive until it has the lock`, async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const waiter = await Party.start(kind);
    waiter.call(lock, 'acquire').catch(() => undefined);
    await untilAwaited(lock);
    const ended = waiter.end();
    lock.release();
    await ended;
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, true, 'it ended before it had the lock');
    lock.release();
  });

  it(`{ robust: false } keeps the lock of a ${kind} that was killed`, async () => {
    const lock = await orphaned(new mp.Lock({ robust: false }), kind, 'kill');
    assert.equal(lock.tryAcquire(), false);
    assert.equal(lock.acquireSync({ timeout: 100 }), false);
    assert.equal(await lock.acquire({ timeout: 100 }), false);
    assert.equal(lock.locked(), true);
    assert.equal(lock.abandoned, false);
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, false);
    lock.release();
  });

  it(`a unit that a killed ${kind} had is lost, as in CPython`, async () => {
    const semaphore = new mp.Semaphore(2);
    const owner = await Party.start(kind);
    await owner.call(semaphore, 'acquireSync');
    await owner.kill();
    assert.equal(semaphore.value, 1);
    semaphore.acquireSync();
    assert.equal(semaphore.acquireSync({ timeout: 60 }), false);
  });

  it(`a ${kind} that is killed while it waits for a unit takes none`, async () => {
    const semaphore = new mp.Semaphore(0);
    const waiter = await Party.start(kind);
    waiter.call(semaphore, 'acquireSync').catch(() => undefined);
    await untilAwaited(semaphore);
    await waiter.kill();
    semaphore.release();
    assert.equal(await within('the unit', semaphore.acquire()), true);
    assert.equal(semaphore.value, 0);
  });
}

describe('onAbandoned', () => {
  it("'ignore' and the default give the lock with abandoned set", async () => {
    for (const options of [undefined, {}, { onAbandoned: 'ignore' }] as const) {
      const lock = await orphaned(new mp.Lock(), 'worker', 'kill');
      using held = lock.guardSync(options);
      assert.equal(held.abandoned, true);
    }
    const lock = await orphaned(new mp.Lock(), 'worker', 'kill');
    assert.equal(await lock.runExclusive((held) => held.abandoned), true);
    assert.equal(await lock.runExclusive((held) => held.abandoned), false);
    await orphaned(lock, 'worker', 'kill');
    assert.equal(
      lock.runExclusiveSync((held) => held.abandoned),
      true,
    );
  });

  const throwing = { onAbandoned: 'throw' } as const;
  const forms: Record<string, (lock: mp.Lock) => unknown> = {
    guardSync: (lock) => lock.guardSync(throwing),
    guard: (lock) => lock.guard(throwing),
    runExclusiveSync: (lock) => lock.runExclusiveSync(() => assert.fail('ran'), throwing),
    runExclusive: (lock) => lock.runExclusive(() => assert.fail('ran'), throwing),
  };
  for (const [name, form] of Object.entries(forms)) {
    it(`'throw' makes ${name}() throw OwnerDiedError, with the lock released`, async () => {
      const lock = await orphaned(new mp.Lock(), 'worker', 'kill');
      await assert.rejects(
        async () => {
          await form(lock);
        },
        (error: unknown) =>
          error instanceof mp.OwnerDiedError &&
          error.code === 'ERR_MP_OWNER_DIED' &&
          error.message.includes('Lock'),
      );
      assert.ok(isUntouched(lock), 'the lock was not released');
      assert.equal(
        lock.runExclusiveSync(() => 'ran', throwing),
        'ran',
      );
    });
  }

  it("'throw' holds for an RLock too", async () => {
    const lock = await orphaned(new mp.RLock(), 'worker', 'kill');
    assert.throws(() => lock.guardSync(throwing), mp.OwnerDiedError);
    assert.equal(lock.locked(), false);
  });
});
