// Condition between parties: processes, and threads of one process; and when one of them dies.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { nounOf, Party, partyKinds, useParty } from '../helpers/party.js';
import { makeCells, type CellsHandle } from '../helpers/shared-words.js';
import { turns, until, within } from '../helpers/watchdog.js';

const forms = ['waitSync', 'wait'] as const;

interface Counts {
  readonly cells: Int32Array;
  readonly handle: CellsHandle;
}

/** Until so many have begun to wait: they count themselves while they hold the lock. */
async function untilWaiting(condition: mp.Condition, { cells }: Counts, count: number) {
  await until(`${count} waiters`, () => Atomics.load(cells, 0) === count);
  await condition.acquire();
  condition.release();
}

function notify(condition: mp.Condition, count: number): void {
  condition.runExclusiveSync(() => {
    condition.notify(count);
  });
}

for (const kind of partyKinds) {
  describe(`Condition between ${nounOf(kind)}`, () => {
    const party = useParty(kind);

    for (const form of forms) {
      it(`${form}() in the other ends with notify() here, not before`, async () => {
        const condition = new mp.Condition(new mp.Lock());
        const other = await party();
        const counts = makeCells(2);
        const wait = other.play('waitOnCondition', [condition], of(counts, form));
        await untilWaiting(condition, counts, 1);
        await turns(20);
        assert.equal(Atomics.load(counts.cells, 1), 0);
        notify(condition, 1);
        assert.equal(await within('the wait', wait), true);
        assert.equal(condition.locked(), false);
      });

      it(`${form}() in the other answers false after its timeout`, async () => {
        const condition = new mp.Condition(new mp.Lock());
        const other = await party();
        const counts = makeCells(2);
        const settings = { ...of(counts, form), timeout: 20 };
        const wait = other.play('waitOnCondition', [condition], settings);
        assert.equal(await within('the wait', wait), false);
        assert.equal(condition.locked(), false);
      });

      it(`${form}() in the other gives up a nested RLock and has it all again`, async () => {
        const condition = new mp.Condition();
        const other = await party();
        const counts = makeCells(2);
        const settings = { ...of(counts, form), depth: 3 };
        const wait = other.play('waitOnCondition', [condition], settings);
        await untilWaiting(condition, counts, 1);
        notify(condition, 1);
        // It releases three times: once less would leave it locked, once more would throw.
        assert.equal(await within('the wait', wait), true);
        assert.equal(condition.locked(), false);
      });
    }

    it('waitSync() here ends with notify() there', async () => {
      const condition = new mp.Condition();
      const other = await party();
      const notified = other.play('notifyWhenAwaited', [condition]);
      condition.runExclusiveSync(() => {
        assert.equal(condition.waitSync({ timeout: 10_000 }), true);
      });
      await within('the other', notified);
    });

    it('wait() here ends with notify() there', async () => {
      const condition = new mp.Condition();
      const other = await party();
      const wait = condition.runExclusive(() => condition.wait());
      await within('the other', other.play('notifyWhenAwaited', [condition]));
      assert.equal(await within('the wait', wait), true);
    });

    it('six waits with a timeout leave nothing behind; then one notifyAll() lets six go', async () => {
      const condition = new mp.Condition(new mp.Lock());
      const parties = await Promise.all(Array.from({ length: 6 }, () => Party.start(kind)));
      const counts = makeCells(2);
      const play = (timeout?: number) =>
        parties.map((other, i) =>
          other.play('waitOnCondition', [condition], of(counts, forms[i % 2]!, timeout)),
        );
      const late = await within('the timeouts', Promise.all(play(30)));
      assert.deepEqual(late, [false, false, false, false, false, false]);
      assert.match(inspect(condition), /waiters: 0/);
      Atomics.store(counts.cells, 0, 0);
      const waits = play();
      await untilWaiting(condition, counts, 6);
      condition.runExclusiveSync(() => {
        condition.notifyAll();
      });
      const notified = await within('all waits', Promise.all(waits));
      assert.deepEqual(notified, [true, true, true, true, true, true]);
      assert.match(inspect(condition), /locked: false.*waiters: 0/);
      await Promise.all(parties.map((other) => other.end()));
    });

    it('notify(n) and notifyAll() let go so many of six, and those only', async () => {
      const condition = new mp.Condition(new mp.Lock());
      const parties = await Promise.all(Array.from({ length: 3 }, () => Party.start(kind)));
      const counts = makeCells(2);
      const over = () => Atomics.load(counts.cells, 1);
      // Two of each party: one blocks it, the other was started before and awaits.
      const waits: Promise<unknown>[] = [];
      for (const form of ['wait', 'waitSync'] as const) {
        for (const other of parties) {
          waits.push(other.play('waitOnCondition', [condition], of(counts, form)));
          await untilWaiting(condition, counts, waits.length);
        }
      }
      // Those that began first await in threads that are blocked now: they are notified all the
      // same, and go on when their threads can.
      notify(condition, 3);
      await turns(20);
      assert.equal(over(), 0);
      notify(condition, 1);
      await until('two more', () => over() === 2);
      condition.runExclusiveSync(() => {
        condition.notifyAll();
        condition.notify(3);
      });
      const results = await within('all waits', Promise.all(waits));
      assert.deepEqual(results, [true, true, true, true, true, true]);
      await Promise.all(parties.map((other) => other.end()));
    });

    for (const [mine, theirs] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const) {
      const name = (awaiting: boolean) => (awaiting ? 'awaiting' : 'blocking');
      it(`a ${name(mine)} and a ${name(theirs)} party move a list with little room`, async () => {
        const lock = new mp.Lock();
        const conditions = [new mp.Condition(lock), new mp.Condition(lock)];
        const { cells, handle } = makeCells(2);
        const producers = await Promise.all([Party.start(kind), party()]);
        const consumers = await Promise.all([Party.start(kind), Party.start(kind)]);
        const items = 300;
        const works = [
          ...producers.map((p) => p.play('produce', conditions, { handle, items, awaiting: mine })),
          ...consumers.map((p) =>
            p.play('consume', conditions, { handle, items, awaiting: theirs }),
          ),
        ];
        await within('all of it', Promise.all(works), 18_000);
        assert.deepEqual([...cells], [0, 4 * items]);
        await Promise.all([producers[0], ...consumers].map((p) => p.end()));
      });
    }

    for (const form of forms) {
      it(`a notification of one that is killed in ${form}() goes to the next`, async () => {
        const condition = new mp.Condition(new mp.Lock());
        const other = await party();
        const counts = makeCells(2);
        const doomed = await Party.start(kind);
        doomed.play('waitOnCondition', [condition], of(counts, form)).catch(() => undefined);
        await untilWaiting(condition, counts, 1);
        const wait = other.play('waitOnCondition', [condition], of(counts, form));
        await untilWaiting(condition, counts, 2);
        await condition.acquire();
        condition.notify();
        // It is notified, or was: it cannot have left, for we hold the lock.
        await doomed.kill();
        condition.release();
        assert.equal(await within('the other wait', wait), true);
        assert.equal(condition.locked(), false);
      });

      it(`one that was killed in ${form}() before the notify is passed over`, async () => {
        const condition = new mp.Condition();
        const other = await party();
        const counts = makeCells(2);
        const doomed = await Party.start(kind);
        doomed.play('waitOnCondition', [condition], of(counts, form)).catch(() => undefined);
        await untilWaiting(condition, counts, 1);
        const wait = other.play('waitOnCondition', [condition], of(counts, form));
        await untilWaiting(condition, counts, 2);
        await doomed.kill();
        notify(condition, 1);
        assert.equal(await within('the other wait', wait), true);
      });
    }

    it('a killed notifier has notified; its lock is had as abandoned', async () => {
      const condition = new mp.Condition(new mp.Lock());
      const notifier = await Party.start(kind);
      const wait = condition.runExclusive(async () => {
        assert.equal(await condition.wait(), true);
        return condition.abandoned;
      });
      await turns();
      await notifier.call(condition, 'acquireSync');
      await notifier.call(condition, 'notify');
      await notifier.kill();
      assert.equal(await within('the wait', wait), true);
      assert.equal(condition.abandoned, false);
    });

    it('takes its lock along: the one and the other are the same there', async () => {
      const lock = new mp.Lock();
      const condition = new mp.Condition(lock);
      const other = await party();
      await other.call(condition, 'acquireSync');
      assert.equal(await other.call(lock, 'locked'), true);
      assert.equal(lock.tryAcquire(), false);
      await other.call(condition, 'release');
      assert.equal(lock.locked(), false);
    });
  });
}

function of({ handle }: Counts, form: (typeof forms)[number], timeout?: number) {
  return { handle, form, timeout };
}
