// Barrier: in one thread, and between processes and threads.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { MeetingCell, type MeetingForm } from '../helpers/barrier-roles.js';
import { nounOf, Party, partyKinds, useParty } from '../helpers/party.js';
import { makeCells } from '../helpers/shared-words.js';
import { timed, turns, until, within } from '../helpers/watchdog.js';

const broken = { name: 'BrokenBarrierError', code: 'ERR_MP_BROKEN_BARRIER' };

async function untilWaiting(barrier: mp.Barrier, count = 1): Promise<void> {
  await until(`${count} parties at the barrier`, () => barrier.nWaiting === count);
}

describe('Barrier in one thread', () => {
  it('of one party never waits', async () => {
    const barrier = new mp.Barrier(1);
    for (let i = 0; i < 3; i++) {
      assert.equal(barrier.waitSync(), 0);
      assert.equal(await barrier.wait({ timeout: 0 }), 0);
    }
  });

  it('refuses parties that are none', () => {
    for (const parties of [0, -1, 65_536]) {
      assert.throws(() => new mp.Barrier(parties), { name: 'RangeError' });
    }
    for (const parties of [1.5, NaN, '2', undefined]) {
      assert.throws(() => new mp.Barrier(parties as number), { name: 'TypeError' });
    }
    assert.throws(() => new mp.Barrier(1, { action: 'x' as never }), { name: 'TypeError' });
    assert.throws(() => new mp.Barrier(1, { timeout: NaN }), { name: 'TypeError' });
    assert.throws(() => new mp.Barrier(1).waitSync(5 as never), { name: 'TypeError' });
  });

  it('lets all go on when the last has come, with distinct indices', async () => {
    const barrier = new mp.Barrier(3);
    const waits = [barrier.wait(), barrier.wait()];
    await turns();
    assert.equal(barrier.nWaiting, 2);
    assert.equal(barrier.parties, 3);
    assert.equal(inspect(barrier), 'Barrier { parties: 3, nWaiting: 2 }');
    const last = barrier.waitSync();
    const indices = await within('the waits', Promise.all(waits));
    assert.deepEqual([...indices, last].sort(), [0, 1, 2]);
    assert.equal(barrier.nWaiting, 0);
    assert.equal(barrier.broken, false);
  });

  it('is as new after each round', async () => {
    const barrier = new mp.Barrier(2);
    for (let i = 0; i < 50; i++) {
      const indices = await Promise.all([barrier.wait(), barrier.wait()]);
      assert.deepEqual(indices.sort(), [0, 1]);
    }
  });

  it('runs the action once a round, before anybody goes on', async () => {
    const order: string[] = [];
    const barrier = new mp.Barrier(3, { action: () => order.push('action') });
    for (let i = 0; i < 3; i++) {
      const go = async () => {
        await barrier.wait();
        order.push('on');
      };
      await Promise.all([go(), go(), go()]);
    }
    const round = ['action', 'on', 'on', 'on'];
    assert.deepEqual(order, [...round, ...round, ...round]);
  });

  it('waits for an async action', async () => {
    let done = false;
    const barrier = new mp.Barrier(2, {
      action: async () => {
        await turns();
        done = true;
      },
    });
    const waits = [barrier.wait(), barrier.wait()];
    await Promise.race(waits);
    assert.equal(done, true);
    await Promise.all(waits);
    assert.throws(() => new mp.Barrier(1, { action: turns }).waitSync(), { name: 'TypeError' });
  });

  it('an action that throws breaks it: its party gets the error, the others theirs', async () => {
    const thrown = new Error('in the action');
    const barrier = new mp.Barrier(2, {
      action: () => {
        throw thrown;
      },
    });
    const first = barrier.wait();
    const second = barrier.wait();
    await Promise.all([
      assert.rejects(first, broken),
      assert.rejects(second, (error) => error === thrown),
    ]);
    assert.equal(barrier.broken, true);
    const alone = new mp.Barrier(1, {
      action: () => {
        throw thrown;
      },
    });
    assert.throws(
      () => alone.waitSync(),
      (error) => error === thrown,
    );
    assert.throws(() => alone.waitSync(), broken);
  });

  for (const form of ['wait', 'waitSync'] as const) {
    it(`a timeout of ${form}() breaks it`, async () => {
      const barrier = new mp.Barrier(2);
      const { ms } = await timed(() =>
        assert.rejects(async () => barrier[form]({ timeout: 30 }), broken),
      );
      assert.ok(ms >= 29, `after ${ms} ms`);
      assert.equal(barrier.broken, true);
      await assert.rejects(async () => barrier[form](), broken);
      barrier.reset();
      assert.equal(barrier.broken, false);
      await assert.rejects(async () => barrier[form]({ timeout: 0 }), broken);
      barrier.reset();
      await assert.rejects(async () => barrier[form]({ timeout: -5 }), broken);
      assert.equal(inspect(barrier), 'Barrier { parties: 2, broken: true }');
    });

    it(`the default timeout of ${form}() breaks it, its own is preferred`, async () => {
      const barrier = new mp.Barrier(2, { timeout: 20 });
      await assert.rejects(async () => barrier[form](), broken);
      barrier.reset();
      const { ms } = await timed(() =>
        assert.rejects(async () => barrier[form]({ timeout: 60 }), broken),
      );
      assert.ok(ms >= 59, `after ${ms} ms`);
      const again = mp.attach(mp.share(barrier));
      again.reset();
      await assert.rejects(async () => again[form](), broken, 'the default travels');
    });
  }

  it('an aborted wait rejects with the reason and breaks it for the others', async () => {
    const barrier = new mp.Barrier(3);
    const other = barrier.wait();
    const controller = new AbortController();
    const aborted = barrier.wait({ signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(aborted, (error) => error === reason);
    await assert.rejects(other, broken);
    barrier.reset();
    await assert.rejects(barrier.wait({ signal: controller.signal }), (error) => error === reason);
    assert.equal(barrier.broken, true, 'it will not come, so nobody is to wait for it');
  });

  it('abort() breaks it until reset(), also when nobody waits', async () => {
    const barrier = new mp.Barrier(2);
    const waiting = barrier.wait();
    barrier.abort();
    await assert.rejects(waiting, broken);
    assert.equal(barrier.broken, true);
    assert.equal(barrier.nWaiting, 0);
    assert.throws(() => barrier.waitSync(), broken);
    barrier.reset();
    barrier.abort();
    assert.throws(() => barrier.waitSync(), broken);
    barrier.reset();
    assert.equal((await Promise.all([barrier.wait(), barrier.wait()])).length, 2);
  });

  it('reset() gives those who wait BrokenBarrierError, and the barrier can be used', async () => {
    const barrier = new mp.Barrier(3);
    for (let i = 0; i < 20; i++) {
      const waits = [barrier.wait(), barrier.wait()];
      barrier.reset();
      // The next round is under way before they have looked.
      const next = [barrier.wait(), barrier.wait(), barrier.wait()];
      await Promise.all(waits.map((wait) => assert.rejects(wait, broken)));
      assert.deepEqual((await within('the next round', Promise.all(next))).sort(), [0, 1, 2]);
    }
    barrier.reset();
    assert.equal(barrier.broken, false);
  });

  it('one who has passed is told so, though the next round was reset meanwhile', async () => {
    const barrier = new mp.Barrier(2);
    const round = [barrier.wait(), barrier.wait()];
    const next = barrier.wait();
    next.catch(() => undefined);
    barrier.reset();
    assert.deepEqual((await Promise.all(round)).sort(), [0, 1]);
    await assert.rejects(next, broken);
  });

  it('reset() while the action runs breaks that round', async () => {
    let resume = (): void => undefined;
    const gate = new Promise<void>((resolve) => (resume = resolve));
    const barrier = new mp.Barrier(2, { action: () => gate });
    const waits = [barrier.wait(), barrier.wait()];
    await turns();
    barrier.reset();
    resume();
    await Promise.all(waits.map((wait) => assert.rejects(wait, broken)));
    assert.equal(barrier.broken, false);
  });
});

for (const kind of partyKinds) {
  describe(`Barrier between two ${nounOf(kind)}`, () => {
    const party = useParty(kind);

    for (const form of ['wait', 'waitSync'] as const) {
      it(`${form}() there goes on when this side comes`, async () => {
        const barrier = new mp.Barrier(2);
        const other = await party();
        const there = other.call(barrier, form);
        await untilWaiting(barrier);
        assert.deepEqual([await barrier.wait(), await there].sort(), [0, 1]);
        const again = barrier.wait();
        const back = other.call(barrier, form);
        assert.deepEqual([await again, await back].sort(), [0, 1]);
      });

      it(`abort(), reset() and a timeout here reach ${form}() there`, async () => {
        const barrier = new mp.Barrier(2);
        const other = await party();
        for (const end of ['abort', 'reset', 'timeout'] as const) {
          const there = other.call(barrier, form);
          there.catch(() => undefined);
          await untilWaiting(barrier);
          if (end === 'timeout') {
            const three = new mp.Barrier(3);
            const far = other.call(three, 'wait');
            far.catch(() => undefined);
            barrier.abort();
            await untilWaiting(three);
            await assert.rejects(three.wait({ timeout: 5 }), broken);
            await assert.rejects(far, broken);
          } else barrier[end]();
          await assert.rejects(there, broken);
          barrier.reset();
        }
      });
    }

    it('a round in which nobody has the action breaks', async () => {
      const barrier = new mp.Barrier(1, { action: () => undefined });
      const other = await party();
      await assert.rejects(other.call(barrier, 'waitSync'), broken);
      barrier.reset();
      await assert.rejects(other.call(barrier, 'wait'), broken);
    });

    it('the action runs here, whoever comes last', async () => {
      let runs = 0;
      const barrier = new mp.Barrier(2, { action: () => runs++ });
      const other = await party();
      for (const form of ['wait', 'waitSync'] as const) {
        const here = barrier.wait();
        await other.call(barrier, form);
        await here;
      }
      const there = other.call(barrier, 'wait');
      await untilWaiting(barrier);
      barrier.waitSync();
      await there;
      assert.equal(runs, 3);
    });

    for (const form of ['wait', 'waitSync'] as const) {
      it(`a ${kind} that is killed in ${form}() breaks it within 100 ms`, async () => {
        const barrier = new mp.Barrier(3);
        const victim = await Party.start(kind);
        victim.call(barrier, form).catch(() => undefined);
        await untilWaiting(barrier);
        const waiting = barrier.wait();
        const ended = waiting.then(
          () => undefined,
          () => performance.now(),
        );
        await untilWaiting(barrier, 2);
        let goneAt = Infinity;
        victim.whenEnded(() => (goneAt = performance.now()));
        await victim.kill();
        await assert.rejects(within('the waiter', waiting), broken);
        const ms = (await ended)! - goneAt;
        assert.ok(ms <= 100, `${ms} ms after its end`);
        barrier.reset();
        assert.equal(barrier.broken, false);
      });
    }
  });

  // MP_BARRIER_ROUNDS sets their number.
  const times = Number(process.env.MP_BARRIER_ROUNDS ?? 300);
  const limitMs = 30_000 + times / 2;

  describe(`Barrier of two parties, each a ${kind}`, () => {
    const [one, two] = [useParty(kind), useParty(kind)];
    for (const form of ['wait', 'waitSync', 'both'] as MeetingForm[]) {
      it(`all stay in step for ${String(times)} rounds (${form})`, async function () {
        this.timeout(limitMs);
        const { cells, handle } = makeCells(4);
        const barrier = new mp.Barrier(2);
        const parties = [await one(), await two()];
        const meetings = parties.map((party) =>
          party.play('meet', [barrier], { handle, times, form }),
        );
        await within('the meetings', Promise.all(meetings), limitMs);
        assert.equal(cells[MeetingCell.came], 2 * times);
        assert.equal(cells[MeetingCell.left], 2 * times);
        assert.equal(cells[MeetingCell.violations], 0);
        assert.equal(cells[MeetingCell.indices], times, 'one 0 and one 1 in each round');
      });
    }
  });

  it(`Barrier of five, each a ${kind}: all stay in step for a thousand rounds`, async function () {
    this.timeout(60_000);
    const { cells, handle } = makeCells(4);
    const [parties, rounds] = [5, 1000];
    const barrier = new mp.Barrier(parties);
    const players = await Promise.all(Array.from({ length: parties }, () => Party.start(kind)));
    const settings = { handle, times: rounds, form: 'waitSync' };
    const meetings = players.map((player) => player.play('meet', [barrier], settings));
    await within('the meetings', Promise.all(meetings), 50_000);
    assert.equal(cells[MeetingCell.left], parties * rounds);
    assert.equal(cells[MeetingCell.violations], 0);
    assert.equal(cells[MeetingCell.indices], rounds * (0 + 1 + 2 + 3 + 4));
    assert.equal(barrier.nWaiting, 0);
    await Promise.all(players.map((player) => player.end()));
  });
}
