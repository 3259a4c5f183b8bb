// Condition: within one thread, over a Lock and over an RLock.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { untilAwaited } from '../helpers/shared-words.js';
import { timed, turns, until, within } from '../helpers/watchdog.js';

const makers: Record<string, () => mp.Lock | mp.RLock> = {
  Lock: () => new mp.Lock(),
  RLock: () => new mp.RLock(),
};

/** Starts `count` waits, in order; each holds the lock again when it is over. */
function startWaits(
  condition: mp.Condition,
  count: number,
  over: (index: number, notified: boolean) => void,
): Promise<void>[] {
  return Array.from({ length: count }, (_, i) =>
    condition.runExclusive(async () => {
      over(i, await condition.wait());
    }),
  );
}

/** Until all have begun to wait: each did so under the lock, in the order of the calls. */
async function untilAllWait(condition: mp.Condition): Promise<void> {
  await turns();
  await condition.runExclusive(() => undefined);
  await untilAwaited(condition);
}

for (const [name, make] of Object.entries(makers)) {
  describe(`Condition over ${name === 'Lock' ? 'a Lock' : 'an RLock'}, in one thread`, () => {
    it('notify(n) lets go the n that began to wait first', async () => {
      const condition = new mp.Condition(make());
      const order: number[] = [];
      const waits = startWaits(condition, 6, (i, notified) => {
        assert.equal(notified, true);
        order.push(i);
      });
      await untilAllWait(condition);
      await condition.runExclusive(() => {
        condition.notify(2);
      });
      await within('the first two', Promise.all(waits.slice(0, 2)));
      assert.deepEqual(order, [0, 1]);
      await condition.runExclusive(() => {
        condition.notify(4);
        condition.notify(3);
      });
      await within('the others', Promise.all(waits));
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
    });

    it('notifyAll() lets all go, and none who comes later', async () => {
      const condition = new mp.Condition(make());
      let over = 0;
      const waits = startWaits(condition, 20, () => over++);
      await untilAllWait(condition);
      await condition.runExclusive(async () => {
        condition.notifyAll();
        assert.equal(await condition.wait({ timeout: 20 }), false);
      });
      await within('all waits', Promise.all(waits));
      assert.equal(over, 20);
    });

    for (const timeout of [0, 0.5, 30]) {
      it(`both waits answer false after a timeout of ${timeout} ms and hold the lock`, async () => {
        const condition = new mp.Condition(make());
        await condition.runExclusive(async () => {
          const { ms, result } = await timed(() => condition.wait({ timeout }));
          assert.equal(result, false);
          assert.ok(ms >= timeout, `after ${ms} ms`);
          assert.equal(condition.locked(), true);
        });
        condition.runExclusiveSync(() => {
          const start = performance.now();
          assert.equal(condition.waitSync({ timeout }), false);
          assert.ok(performance.now() - start >= timeout);
          assert.equal(condition.locked(), true);
        });
        assert.equal(condition.locked(), false);
      });
    }

    it('while one waits others can have the lock, and it comes back before the wait ends', async () => {
      const condition = new mp.Condition(make());
      let changed = false;
      const wait = condition.runExclusive(async () => {
        assert.equal(await condition.wait(), true);
        assert.equal(changed, true);
        assert.equal(condition.locked(), true);
      });
      await untilAllWait(condition);
      await condition.runExclusive(async () => {
        condition.notify();
        await turns(20);
        changed = true;
      });
      await within('the wait', wait);
      assert.equal(condition.locked(), false);
    });

    it('waitFor() looks at once, and after each notification, with the lock held', async () => {
      const condition = new mp.Condition(make());
      let stage = 0;
      const wait = condition.runExclusive(() =>
        condition.waitFor(() => {
          assert.equal(condition.locked(), true);
          return stage === 3 && 'three';
        }),
      );
      await untilAllWait(condition);
      while (stage < 3) {
        await condition.runExclusive(() => {
          stage++;
          condition.notifyAll();
        });
      }
      assert.equal(await within('the wait', wait), 'three');
      await condition.runExclusive(async () => {
        assert.equal(await condition.waitFor(() => 7), 7);
        assert.equal(await condition.waitFor(async () => Promise.resolve(8)), 8);
        assert.equal(await condition.waitFor(() => 0, { timeout: 10 }), 0);
        assert.equal(await condition.waitFor(() => false, { timeout: 0 }), false);
      });
      condition.runExclusiveSync(() => {
        assert.equal(
          condition.waitForSync(() => 7),
          7,
        );
        assert.equal(
          condition.waitForSync(() => '', { timeout: 10 }),
          '',
        );
      });
    });

    it('what the predicate throws comes through, with the lock held until then', async () => {
      const condition = new mp.Condition(make());
      const thrown = new Error('mine');
      const fail = () => {
        throw thrown;
      };
      await assert.rejects(
        condition.runExclusive(() => condition.waitFor(fail)),
        (error) => error === thrown,
      );
      assert.throws(
        () => condition.runExclusiveSync(() => condition.waitForSync(fail)),
        (error) => error === thrown,
      );
      assert.equal(condition.locked(), false);
    });

    it('an abort rejects with its reason when the lock is held again', async () => {
      const condition = new mp.Condition(make());
      const reason = new Error('mine');
      const controller = new AbortController();
      const held: boolean[] = [];
      const wait = condition.runExclusive(async () => {
        try {
          await condition.wait({ signal: controller.signal });
        } finally {
          held.push(condition.locked());
        }
      });
      await untilAllWait(condition);
      await condition.runExclusive(async () => {
        controller.abort(reason);
        await turns(20);
        assert.deepEqual(held, []);
      });
      await assert.rejects(within('the wait', wait), (error) => error === reason);
      assert.deepEqual(held, [true]);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
      assert.equal(condition.locked(), false);
    });

    it('a signal that is aborted already rejects and leaves the lock held', async () => {
      const condition = new mp.Condition(make());
      await condition.runExclusive(async () => {
        const signal = AbortSignal.abort('why');
        await assert.rejects(condition.wait({ signal }), (error) => error === 'why');
        assert.equal(condition.locked(), true);
      });
    });

    it('a notification that an aborted or late wait has no use for goes to the next', async () => {
      const condition = new mp.Condition(make());
      for (let round = 0; round < 30; round++) {
        const controller = new AbortController();
        const first = condition
          .runExclusive(() =>
            round % 2 === 0
              ? condition.wait({ signal: controller.signal })
              : condition.wait({ timeout: 2 }),
          )
          .catch(() => false);
        const second = condition.runExclusive(() => condition.wait());
        await untilAllWait(condition);
        await condition.runExclusive(() => {
          condition.notify();
          if (round % 2 === 0) controller.abort();
          // The loop is blocked past the time of the first wait.
          else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4);
        });
        const notified = await within('the first wait', first);
        if (notified) {
          await condition.runExclusive(() => {
            condition.notify();
          });
        }
        assert.equal(await within('the second wait', second), true);
      }
    });

    it('who does not hold the lock can neither wait nor notify', async () => {
      const condition = new mp.Condition(make());
      const refused = { name: 'NotOwnerError', code: 'ERR_MP_NOT_OWNER' };
      await assert.rejects(condition.wait(), refused);
      await assert.rejects(
        condition.waitFor(() => true),
        refused,
      );
      assert.throws(() => condition.waitSync(), refused);
      assert.throws(() => condition.waitForSync(() => true), refused);
      assert.throws(() => {
        condition.notify();
      }, refused);
      assert.throws(() => {
        condition.notifyAll();
      }, refused);
      assert.throws(() => {
        condition.release();
      }, mp.MultiprocessingError);
    });

    it('has the forms of its lock', async () => {
      const condition = new mp.Condition(make());
      assert.equal(condition.acquireSync({ timeout: 10 }), true);
      condition.release();
      assert.equal(condition.tryAcquire(), true);
      condition.release();
      assert.equal(await condition.acquire(), true);
      condition.release();
      {
        using held = condition.guardSync();
        assert.equal(held.abandoned, false);
        assert.equal(condition.locked(), true);
      }
      {
        await using held = await condition.guard();
        assert.equal(held.abandoned, false);
      }
      assert.equal(condition.locked(), false);
      assert.equal(condition.abandoned, false);
    });

    it('refuses counts that are none', () => {
      const condition = new mp.Condition(make());
      condition.runExclusiveSync(() => {
        for (const count of [-1, 1.5, NaN, 2 ** 31]) {
          assert.throws(() => {
            condition.notify(count);
          }, RangeError);
        }
        assert.throws(() => {
          condition.notify('2' as never);
        }, TypeError);
        condition.notify(0);
        condition.notify(2 ** 31 - 1);
      });
    });

    it('two objects for one condition are one', async () => {
      const first = new mp.Condition(make());
      const second = mp.attach(mp.share(first));
      const wait = first.runExclusive(() => first.wait());
      await untilAllWait(second);
      await second.runExclusive(() => {
        second.notify();
      });
      assert.equal(await within('the wait', wait), true);
    });

    it('a thousand waits end with one notifyAll(), and each has the lock in turn', async () => {
      const condition = new mp.Condition(make());
      let inside = 0;
      const waits = startWaits(condition, 1_000, () => {
        assert.equal(++inside, 1);
        inside--;
      });
      await untilAllWait(condition);
      await condition.runExclusive(() => {
        condition.notifyAll();
      });
      await within('all waits', Promise.all(waits), 18_000);
    });
  });
}

describe('Condition', () => {
  it('has an RLock of its own by default', () => {
    const condition = new mp.Condition();
    condition.acquireSync();
    condition.acquireSync();
    condition.release();
    condition.release();
    assert.equal(condition.locked(), false);
  });

  it('refuses what is no lock', () => {
    for (const lock of [new mp.Semaphore(1), {}, null, 1]) {
      assert.throws(() => new mp.Condition(lock as never), TypeError);
    }
  });

  it('a wait gives up all acquisitions of an RLock and has them all again', async () => {
    const condition = new mp.Condition();
    condition.acquireSync();
    condition.acquireSync();
    condition.acquireSync();
    assert.equal(condition.waitSync({ timeout: 1 }), false);
    assert.equal(await condition.wait({ timeout: 1 }), false);
    for (let left = 3; left > 0; left--) {
      assert.equal(condition.locked(), true);
      condition.release();
    }
    assert.equal(condition.locked(), false);
    let seenFree = false;
    const wait = condition.runExclusive(async () => {
      await condition.acquire();
      assert.equal(await condition.wait(), true);
      assert.equal(seenFree, true);
      condition.release();
      assert.equal(condition.locked(), true);
    });
    await untilAllWait(condition);
    await condition.runExclusive(() => {
      seenFree = true;
      condition.notify();
    });
    await within('the wait', wait);
    assert.equal(condition.locked(), false);
  });

  it('waitSync() is not for a callback that holds the RLock by an awaited form', async () => {
    const condition = new mp.Condition();
    await condition.runExclusive(() => {
      assert.throws(() => condition.waitSync({ timeout: 1 }), mp.NotOwnerError);
      condition.notify();
    });
  });

  it('a signal is handled during an awaited wait, after a blocking one, and ends neither', async () => {
    const condition = new mp.Condition(new mp.Lock());
    let handled = 0;
    const handle = () => handled++;
    process.on('SIGUSR2', handle);
    const isOver = condition.runExclusive(() => condition.wait());
    await condition.runExclusive(() => undefined);
    process.kill(process.pid, 'SIGUSR2');
    await until('the handler', () => handled === 1);
    assert.match(inspect(condition), /waiters: 1/);
    condition.runExclusiveSync(() => {
      process.kill(process.pid, 'SIGUSR2');
      assert.equal(condition.waitSync({ timeout: 20 }), false);
      assert.equal(handled, 1);
      condition.notify();
    });
    assert.equal(await within('the wait', isOver), true);
    await until('the handler', () => handled === 2);
    process.off('SIGUSR2', handle);
    assert.equal(condition.locked(), false);
  });

  it('shows its lock and how many wait to console.log', async () => {
    const condition = new mp.Condition(new mp.Lock());
    const lock = 'Lock { locked: false, abandoned: false }';
    assert.equal(inspect(condition), `Condition { lock: ${lock}, waiters: 0 }`);
    const waits = [1, 2].map(() => condition.runExclusive(() => condition.wait()));
    await condition.runExclusive(() => undefined);
    assert.equal(inspect(condition), `Condition { lock: ${lock}, waiters: 2 }`);
    await condition.runExclusive(() => {
      condition.notifyAll();
    });
    await within('both', Promise.all(waits));
    assert.equal(inspect(condition), `Condition { lock: ${lock}, waiters: 0 }`);
  });
});
