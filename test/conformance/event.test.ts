// Event: within one thread, between two parties (processes, and threads of one process), and when
// a party dies.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { nounOf, Party, partyKinds, useParty } from '../helpers/party.js';
import { makeCells, untilAwaited, wordsOf } from '../helpers/shared-words.js';
import { timed, turns, until, within } from '../helpers/watchdog.js';

describe('Event in one thread', () => {
  it('is not set at first, set by set(), and not any more after clear()', () => {
    const event = new mp.Event();
    assert.equal(event.isSet(), false);
    event.set();
    assert.equal(event.isSet(), true);
    event.set();
    assert.equal(event.isSet(), true);
    event.clear();
    assert.equal(event.isSet(), false);
    event.clear();
    assert.equal(event.isSet(), false);
  });

  it('both waits answer true at once while it is set, whatever the timeout', async () => {
    const event = new mp.Event();
    event.set();
    for (const options of [undefined, {}, { timeout: 0 }, { timeout: 1_000 }]) {
      assert.equal(event.waitSync(options), true);
      assert.equal(await event.wait(options), true);
    }
  });

  for (const timeout of [0, -1, -Infinity]) {
    it(`a timeout of ${timeout} looks once`, async () => {
      const event = new mp.Event();
      assert.equal(event.waitSync({ timeout }), false);
      assert.equal(await event.wait({ timeout }), false);
    });
  }

  for (const timeout of [50, 0.5]) {
    it(`both waits answer false after a timeout of ${timeout} ms, not earlier`, async () => {
      const event = new mp.Event();
      for (const wait of [() => event.waitSync({ timeout }), () => event.wait({ timeout })]) {
        const { ms, result } = await timed(wait);
        assert.equal(result, false);
        assert.ok(ms >= timeout, `after ${ms} ms`);
      }
    });
  }

  it('set() lets go all pending waits, and clear() right after it takes none back', async () => {
    const event = new mp.Event();
    const waits = Array.from({ length: 50 }, () => event.wait());
    await untilAwaited(event);
    event.set();
    event.clear();
    const late = event.wait({ timeout: 20 });
    assert.deepEqual(new Set(await within('all waits', Promise.all(waits))), new Set([true]));
    assert.equal(await late, false);
    assert.equal(event.isSet(), false);
  });

  it('a wait that begins after clear() waits for the next set()', async () => {
    const event = new mp.Event();
    for (let round = 0; round < 200; round++) {
      const wait = event.wait();
      event.set();
      event.clear();
      const next = event.wait();
      assert.equal(await within('the wait', wait), true);
      event.set();
      event.clear();
      assert.equal(await within('the next wait', next), true);
    }
  });

  it('an event that is set while the loop was blocked counts though the time has passed', async () => {
    const event = new mp.Event();
    const wait = event.wait({ timeout: 5 });
    event.set();
    event.clear();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    assert.equal(await within('the wait', wait), true);
  });

  it('an abort rejects with its reason, and leaves the other waits alone', async () => {
    const event = new mp.Event();
    const reason = new Error('mine');
    await assert.rejects(
      event.wait({ signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    const controller = new AbortController();
    const aborted = event.wait({ signal: controller.signal });
    const other = event.wait({ signal: new AbortController().signal, timeout: 10_000 });
    await untilAwaited(event);
    controller.abort(reason);
    await assert.rejects(aborted, (error) => error === reason);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    event.set();
    assert.equal(await within('the other wait', other), true);
  });

  it('a pending wait does not block the event loop', async () => {
    const event = new mp.Event();
    const wait = event.wait();
    await turns(100);
    event.set();
    assert.equal(await within('the wait', wait), true);
  });

  it('two objects for one event in one thread wait beside each other', async () => {
    const first = new mp.Event();
    const second = mp.attach(mp.share(first));
    const waits = [first.wait(), second.wait(), first.wait()];
    second.set();
    first.clear();
    assert.deepEqual(await within('all waits', Promise.all(waits)), [true, true, true]);
  });

  it('refuses what is no options, and a signal where the thread is blocked', async () => {
    const event = new mp.Event();
    assert.throws(() => event.waitSync(10 as never), /\{ timeout: ms \}/);
    await assert.rejects(event.wait(true as never), /\{ timeout: 0 \}/);
    await assert.rejects(event.wait({ timeout: NaN }), TypeError);
    const { signal } = new AbortController();
    assert.throws(() => event.waitSync({ signal } as never), /blocks the thread/);
  });

  it('10,000 waits are let go together', async () => {
    const event = new mp.Event();
    const waits = Array.from({ length: 10_000 }, () => event.wait());
    event.set();
    assert.ok((await within('all waits', Promise.all(waits))).every((isOver) => isOver));
  });

  it('shows its state to console.log', () => {
    const event = new mp.Event();
    assert.equal(inspect(event), 'Event { set: false }');
    event.set();
    assert.equal(inspect(event), 'Event { set: true }');
  });
});

for (const kind of partyKinds) {
  describe(`Event between ${nounOf(kind)}`, () => {
    const party = useParty(kind);

    it('is one flag for both', async () => {
      const event = new mp.Event();
      const other = await party();
      assert.equal(await other.call(event, 'isSet'), false);
      event.set();
      assert.equal(await other.call(event, 'isSet'), true);
      assert.equal(await other.call(event, 'waitSync', { timeout: 0 }), true);
      await other.call(event, 'clear');
      assert.equal(event.isSet(), false);
    });

    for (const form of ['waitSync', 'wait'] as const) {
      it(`${form}() in the other ends with set() here, cleared at once`, async () => {
        const event = new mp.Event();
        const other = await party();
        const wait = other.call(event, form);
        await untilAwaited(event);
        event.set();
        event.clear();
        assert.equal(await wait, true);
        assert.equal(event.isSet(), false);
      });

      it(`${form}() in the other answers false after its timeout`, async () => {
        const event = new mp.Event();
        const other = await party();
        assert.equal(await other.call(event, form, { timeout: 20 }), false);
      });
    }

    it('wait() here ends with set() there, cleared at once', async () => {
      const event = new mp.Event();
      const other = await party();
      const waits = [event.wait(), event.wait({ timeout: 10_000 })];
      await untilAwaited(event);
      await other.call(event, 'set');
      await other.call(event, 'clear');
      assert.deepEqual(await within('the waits', Promise.all(waits)), [true, true]);
    });

    it('waitSync() here ends with set() there', async () => {
      const event = new mp.Event();
      const other = await party();
      const setting = other.play('setWhenAwaited', [event]);
      assert.equal(event.waitSync({ timeout: 10_000 }), true);
      await within('the other', setting);
    });

    it('one set() lets go the waits of several parties, in both forms', async () => {
      const event = new mp.Event();
      const parties = await Promise.all(Array.from({ length: 3 }, () => Party.start(kind)));
      const { cells, handle } = makeCells(1);
      const waits = parties.map((other, i) =>
        other.play(i === 0 ? 'waitForEvent' : 'awaitEvent', [event], { handle }),
      );
      // Each counts itself right before it waits, and what it waits for began before that.
      await until('all of them waiting', () => Atomics.load(cells, 0) === parties.length);
      await untilAwaited(event);
      event.set();
      assert.deepEqual(await within('the waits', Promise.all(waits)), [true, true, true]);
      await Promise.all(parties.map((other) => other.end()));
    });

    it('a killed waiter hangs neither set() nor the other waiters', async () => {
      const event = new mp.Event();
      const other = await party();
      const doomed = await Promise.all([Party.start(kind), Party.start(kind)]);
      for (const [i, waiter] of doomed.entries()) {
        waiter.call(event, i === 0 ? 'waitSync' : 'wait').catch(() => undefined);
      }
      await untilAwaited(event);
      const wait = other.call(event, 'wait');
      await Promise.all(doomed.map((waiter) => waiter.kill()));
      const mine = event.wait();
      event.set();
      assert.equal(await wait, true);
      assert.equal(await within('the wait', mine), true);
    });

    it('a party that ends after set() leaves it set', async () => {
      const event = new mp.Event();
      const setter = await Party.start(kind);
      await setter.call(event, 'set');
      await setter.kill();
      assert.equal(event.isSet(), true);
      assert.equal(wordsOf(event).high, 0);
    });

    it('two parties hand each other a turn 2,000 times', async () => {
      const [ping, pong] = [new mp.Event(), new mp.Event()];
      const other = await party();
      const far = other.play('answerEvents', [ping, pong], { rounds: 2_000 });
      for (let i = 0; i < 2_000; i++) {
        ping.set();
        assert.equal(i % 2 === 0 ? pong.waitSync({ timeout: 10_000 }) : await pong.wait(), true);
        pong.clear();
      }
      await within('the other', far);
    });
  });
}
