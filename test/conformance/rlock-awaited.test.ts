// RLock, awaited forms: whose it is, and how they and the blocking forms exclude each other.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

import { Party, partyKinds, useParty } from '../helpers/party.js';
import { isUntouched, untilAwaited } from '../helpers/shared-words.js';
import { timed, turns, within } from '../helpers/watchdog.js';

/** Whether the promise has settled after a few turns of the loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => (settled = true);
  void promise.then(settle, settle);
  await turns();
  return settled;
}

/** A promise, and what resolves it. */
function makeGate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('RLock awaited, in one thread', () => {
  it('two runs of one async function exclude each other', async () => {
    const lock = new mp.RLock();
    let inside = 0;
    let most = 0;
    const run = () =>
      lock.runExclusive(async () => {
        most = Math.max(most, ++inside);
        await turns(2);
        inside--;
      });
    await within('the runs', Promise.all([run(), run(), run()]));
    assert.equal(most, 1);
    assert.ok(isUntouched(lock));
  });

  it('acquire(), guard(), runExclusive() and tryAcquire() re-enter inside the callback', async () => {
    const lock = new mp.RLock();
    await lock.runExclusive(async () => {
      assert.equal(await lock.acquire(), true);
      const held = await lock.guard({ timeout: 10 });
      const result = await lock.runExclusive(async () => {
        await turn();
        assert.equal(lock.tryAcquire(), true);
        lock.release();
        return 'inner';
      });
      assert.equal(result, 'inner');
      held.release();
      held.release();
      lock.release();
      assert.equal(lock.locked(), true);
    });
    assert.equal(lock.locked(), false);
    assert.ok(isUntouched(lock));
  });

  it('functions that the callback calls or awaits later re-enter too', async () => {
    const lock = new mp.RLock();
    const helper = async (): Promise<string> => {
      await turn();
      return lock.runExclusive(() => 'helped');
    };
    const result = await within(
      'it',
      lock.runExclusive(() => Promise.resolve().then(helper)),
    );
    assert.equal(result, 'helped');
  });

  it('acquire() outside a callback is a new owner each time, which excludes its own caller', async () => {
    const lock = new mp.RLock();
    assert.equal(await lock.acquire(), true);
    const { ms, result } = await timed(() => lock.acquire({ timeout: 30 }));
    assert.equal(result, false);
    assert.ok(ms >= 29, `after ${ms} ms`);
    await assert.rejects(lock.guard({ timeout: 5 }), mp.TimeoutError);
    await assert.rejects(
      lock.runExclusive(() => 'ran', { timeout: 5 }),
      mp.TimeoutError,
    );
    const second = lock.acquire();
    assert.equal(await isSettled(second), false);
    lock.release();
    assert.equal(await within('the second', second), true);
    lock.release();
    assert.ok(isUntouched(lock));
  });

  it('what a callback starts and leaves behind is outside once the callback is over', async () => {
    const lock = new mp.RLock();
    let later: Promise<boolean> | undefined;
    const gate = makeGate();
    await lock.runExclusive(() => {
      later = gate.opened.then(() => lock.acquire());
    });
    assert.equal(await lock.acquire(), true);
    gate.open();
    assert.equal(await isSettled(later!), false);
    lock.release();
    assert.equal(await within('the later acquire', later!), true);
    lock.release();
    assert.equal(lock.locked(), false);
  });

  it('a callback of another RLock is outside of this one', async () => {
    const [one, two] = [new mp.RLock(), new mp.RLock()];
    await one.runExclusive(async () => {
      await two.runExclusive(async () => {
        assert.equal(await one.acquire({ timeout: 0 }), true);
        assert.equal(await two.acquire({ timeout: 0 }), true);
        one.release();
        two.release();
      });
    });
    assert.ok(isUntouched(one) && isUntouched(two));
  });

  it('two objects for one lock know the same owners', async () => {
    const lock = new mp.RLock();
    const again = mp.attach(mp.share(lock));
    await lock.runExclusive(async () => {
      assert.equal(await again.acquire({ timeout: 0 }), true);
      again.release();
    });
    await again.acquire();
    assert.equal(await lock.acquire({ timeout: 5 }), false);
    lock.release();
    assert.equal(again.locked(), false);
  });

  it('sync and awaited owners of one thread exclude each other', async () => {
    const lock = new mp.RLock();
    lock.acquireSync();
    const awaited = lock.acquire();
    assert.equal(await isSettled(awaited), false);
    assert.equal(lock.tryAcquire(), true, 'the thread re-enters beside a waiter');
    lock.release();
    lock.release();
    assert.equal(await within('the awaited acquire', awaited), true);
    assert.equal(lock.tryAcquire(), false);
    assert.equal(lock.acquireSync({ timeout: 5 }), false);
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    lock.release();
    assert.ok(isUntouched(lock));
  });

  it('acquireSync() throws ERR_MP_DEADLOCK while an awaited owner of this thread holds it', async () => {
    const lock = new mp.RLock();
    const deadlock = { code: 'ERR_MP_DEADLOCK' };
    await lock.acquire();
    assert.throws(() => lock.acquireSync(), deadlock);
    lock.release();
    await lock.runExclusive(() => {
      assert.throws(() => lock.acquireSync(), deadlock);
      assert.throws(() => lock.guardSync(), deadlock);
    });
    assert.equal(lock.acquireSync(), true);
    lock.release();
  });

  it('release() by who does not hold it throws NotOwnerError and changes nothing', async () => {
    const lock = new mp.RLock();
    const gate = makeGate();
    const running = lock.runExclusive(() => gate.opened);
    await turns();
    assert.throws(() => {
      lock.release();
    }, mp.NotOwnerError);
    assert.equal(lock.locked(), true);
    gate.open();
    await running;
    assert.throws(() => {
      lock.release();
    }, mp.NotOwnerError);
    await lock.runExclusive((held) => {
      held.release();
      assert.equal(lock.locked(), false);
      lock.acquireSync();
      held.release();
      assert.equal(lock.locked(), true);
      lock.release();
    });
  });

  it('releases when the callback throws, and passes the error on', async () => {
    const lock = new mp.RLock();
    const thrown = new Error('in the callback');
    await assert.rejects(
      lock.runExclusive(async () => {
        await lock.runExclusive(() => {
          throw thrown;
        });
      }),
      (error) => error === thrown,
    );
    assert.ok(isUntouched(lock));
  });

  it('an aborted acquire() rejects with the reason and leaves no trace', async () => {
    const lock = new mp.RLock();
    await lock.acquire();
    const controller = new AbortController();
    const waiting = lock.acquire({ signal: controller.signal });
    await untilAwaited(lock);
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    lock.release();
    assert.ok(isUntouched(lock));
    await assert.rejects(lock.acquire({ signal: controller.signal }), (error) => error === reason);
    assert.ok(isUntouched(lock));
  });

  it('a Value has the awaited forms of its RLock', async () => {
    const value = new mp.Value('int32', 0);
    const addSlowly = () =>
      value.runExclusive(async () => {
        const before = value.value;
        await turn();
        value.value = before + 1;
      });
    await Promise.all([addSlowly(), addSlowly(), addSlowly()]);
    assert.equal(value.value, 3);
  });
});

for (const kind of partyKinds) {
  describe(`RLock awaited, beside a ${kind}`, () => {
    const party = useParty(kind);

    for (const form of ['acquireSync', 'acquire'] as const) {
      it(`${form}() there waits until the callback here is over`, async () => {
        const lock = new mp.RLock();
        const other = await party();
        let acquired: Promise<boolean> | undefined;
        await lock.runExclusive(async () => {
          acquired = other.call(lock, form);
          await untilAwaited(lock);
          assert.equal(await isSettled(acquired), false);
          await lock.runExclusive(turn);
        });
        assert.equal(await acquired, true);
        assert.equal(lock.tryAcquire(), false);
        assert.throws(() => {
          lock.release();
        }, mp.NotOwnerError);
        await other.call(lock, 'release');
        assert.ok(isUntouched(lock));
      });
    }

    it('runExclusive() here waits for the thread there, which re-enters', async () => {
      const lock = new mp.RLock();
      const other = await party();
      await other.call(lock, 'acquireSync');
      await other.call(lock, 'acquireSync');
      const run = lock.runExclusive(() => 'ran');
      await untilAwaited(lock);
      await other.call(lock, 'release');
      assert.equal(await isSettled(run), false);
      await other.call(lock, 'release');
      assert.equal(await within('the run', run), 'ran');
      assert.ok(isUntouched(lock));
    });

    for (const form of ['acquireSync', 'acquire'] as const) {
      it(`runExclusive() here takes over from a ${kind} that was killed after ${form}()`, async () => {
        const lock = new mp.RLock();
        const owner = await Party.start(kind);
        await owner.call(lock, form);
        const run = lock.runExclusive(async (held) => {
          assert.equal(await lock.acquire(), true);
          lock.release();
          return held.abandoned;
        });
        await untilAwaited(lock);
        await owner.kill();
        assert.equal(await within('the run', run), true);
        assert.equal(lock.abandoned, false);
        assert.ok(isUntouched(lock));
      });
    }

    it('both count under it without a loss', async () => {
      const value = new mp.Value('int32', 0);
      const lock = value.getLock();
      const other = await party();
      const times = 300;
      const there = other.play('addUnderRLock', [lock], { value: mp.share(value), times });
      for (let i = 0; i < times; i++) {
        await lock.runExclusive(async () => {
          const before = value.value;
          if (i % 16 === 0) await turn();
          value.value = before + 1;
        });
      }
      await within('the other party', there, 30_000);
      assert.equal(value.value, 2 * times);
    });
  });
}
