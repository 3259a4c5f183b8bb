// Group F of CPython's behaviours: Future, wait, asCompleted.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';
import { turns, within } from '../helpers/watchdog';
import { upTo } from './pools';

const { Future } = mp.futures;

/** One in each state. */
function inAllStates() {
  const [pending, running, cancelled, returned, threw] = upTo(5).map(() => new Future<number>());
  running!.setRunningOrNotifyCancel();
  cancelled!.cancel();
  returned!.setResult(42);
  threw!.setException(new RangeError('no'));
  return {
    pending: pending!,
    running: running!,
    cancelled: cancelled!,
    returned: returned!,
    threw: threw!,
  };
}

const statesOf = (read: (future: mp.futures.Future<number>) => boolean): boolean[] =>
  Object.values(inAllStates()).map(read);

describe('Future', () => {
  it('done(), running(), cancelled() and cancel() in each state', () => {
    assert.deepEqual(
      statesOf((future) => future.done()),
      [false, false, true, true, true],
    );
    assert.deepEqual(
      statesOf((future) => future.running()),
      [false, true, false, false, false],
    );
    assert.deepEqual(
      statesOf((future) => future.cancelled()),
      [false, false, true, false, false],
    );
    assert.deepEqual(
      statesOf((future) => future.cancel()),
      [true, false, true, false, false],
    );
    const { pending } = inAllStates();
    assert.deepEqual([pending.cancel(), pending.cancelled()], [true, true]);
    assert.equal(pending.setRunningOrNotifyCancel(), false);
  });

  it('result({ timeout: 0 }) and exception({ timeout: 0 }) in each state', async () => {
    const { pending, running, cancelled, returned, threw } = inAllStates();
    for (const future of [pending, running]) {
      await assert.rejects(future.result({ timeout: 0 }), mp.TimeoutError);
      await assert.rejects(future.exception({ timeout: 0 }), mp.TimeoutError);
    }
    await assert.rejects(cancelled.result({ timeout: 0 }), mp.futures.CancelledError);
    await assert.rejects(cancelled.exception({ timeout: 0 }), mp.futures.CancelledError);
    assert.equal(await returned.result({ timeout: 0 }), 42);
    assert.equal(await returned.exception({ timeout: 0 }), undefined);
    await assert.rejects(threw.result({ timeout: 0 }), RangeError);
    assert.ok((await threw.exception({ timeout: 0 })) instanceof RangeError);
  });

  it('a wait gets what comes later; it can be aborted, and the future awaited', async () => {
    const [first, second, third] = [new Future<number>(), new Future(), new Future()];
    const waits = Promise.all([
      first.result(),
      first,
      second.exception(),
      assert.rejects(second.result(), /later/),
      assert.rejects(third.result(), mp.futures.CancelledError),
      assert.rejects(third.exception(), mp.futures.CancelledError),
    ]);
    const aborted = new Future().result({ signal: AbortSignal.abort(new Error('enough')) });
    await assert.rejects(aborted, /enough/);
    first.setResult(1);
    second.setException(new Error('later'));
    third.cancel();
    const [value, awaited, error] = await within('the waits', waits);
    assert.deepEqual([value, awaited, (error as Error).message], [1, 1, 'later']);
  });

  it('has one outcome', async () => {
    const { returned, threw, cancelled } = inAllStates();
    const { InvalidStateError } = mp.futures;
    for (const [future, state] of [
      [returned, /finished/],
      [threw, /finished/],
      [cancelled, /cancelled/],
    ] as const) {
      const isRight = (error: Error): boolean =>
        error instanceof InvalidStateError && state.test(error.message);
      assert.throws(() => {
        future.setResult(2);
      }, isRight);
      assert.throws(() => {
        future.setException(new Error('late'));
      }, isRight);
    }
    assert.equal(await returned, 42);
  });

  for (const how of ['returned', 'threw', 'cancelled'] as const) {
    const finish = (future: mp.futures.Future): void => {
      if (how === 'returned') future.setResult(1);
      else if (how === 'threw') future.setException(new Error('no'));
      else future.cancel();
    };

    it(`its callbacks are called in order when it ${how}, late ones at once`, async () => {
      const warnings: string[] = [];
      const note = ({ message }: Error): number => warnings.push(message);
      process.on('warning', note);
      const seen: unknown[] = [];
      const future = new Future();
      const failing = (): never => {
        throw new Error('in a callback');
      };
      future.addDoneCallback((which) => seen.push(which === future && which.done()));
      future.addDoneCallback(failing);
      future.addDoneCallback(() => seen.push(2));
      finish(future);
      future.addDoneCallback(failing);
      future.addDoneCallback(() => seen.push(3));
      assert.deepEqual(seen, [true, 2, 3]);
      await turns();
      process.off('warning', note);
      assert.equal(warnings.length, 2);
      for (const warning of warnings) assert.match(warning, /in a callback/);
    });
  }

  it('shows its state', () => {
    assert.deepEqual(
      Object.values(inAllStates()).map((future) => inspect(future)),
      [
        'Future { state: pending }',
        'Future { state: running }',
        'Future { state: cancelled }',
        'Future { state: finished, returned number }',
        'Future { state: finished, raised RangeError }',
      ],
    );
  });
});

describe('futures.wait()', () => {
  const { FIRST_COMPLETED, FIRST_EXCEPTION } = mp.futures;
  const pair = () => [new Future<number>(), new Future<number>()] as const;

  it('waits for all of them; duplicates count once', async () => {
    const [a, b] = pair();
    const waits = mp.futures.wait([a, b, a, b]);
    a.setResult(1);
    b.cancel();
    const { done, notDone } = await within('all', waits);
    assert.deepEqual([[...done], notDone.size], [[a, b], 0]);
    assert.equal((await mp.futures.wait([])).done.size, 0);
  });

  it('FIRST_COMPLETED: for the first, or those that are done already', async () => {
    const [a, b] = pair();
    const waits = mp.futures.wait([a, b], { returnWhen: FIRST_COMPLETED });
    b.setException(new Error('no'));
    for (const result of [waits, mp.futures.wait([a, b], { returnWhen: FIRST_COMPLETED })]) {
      const { done, notDone } = await within('the first', result);
      assert.deepEqual([[...done], [...notDone]], [[b], [a]]);
    }
  });

  it('FIRST_EXCEPTION: for the first that threw, not those that returned, or all', async () => {
    const [a, b, c] = [...pair(), new Future<number>()];
    a.setResult(1);
    const waits = mp.futures.wait([a, b, c], { returnWhen: FIRST_EXCEPTION });
    b.setException(new Error('no'));
    for (const result of [waits, mp.futures.wait([a, b, c], { returnWhen: FIRST_EXCEPTION })]) {
      const { done, notDone } = await within('the exception', result);
      assert.deepEqual([[...done], [...notDone]], [[a, b], [c]]);
    }
    const none = mp.futures.wait([a, c], { returnWhen: FIRST_EXCEPTION });
    c.cancel();
    assert.equal((await within('all', none)).done.size, 2);
  });

  it('a timeout is no error', async () => {
    const [a, b] = pair();
    a.setResult(1);
    for (const timeout of [-1, 0, 5]) {
      const { done, notDone } = await within('the time', mp.futures.wait([a, b], { timeout }));
      assert.deepEqual([[...done], [...notDone]], [[a], [b]]);
    }
  });

  it('misses none of a hundred that end together', async () => {
    const futures = upTo(100).map(() => new Future<number>());
    const waits = mp.futures.wait(futures);
    for (const [i, future] of futures.entries()) {
      if (i % 2 === 0) future.setResult(i);
      else
        setImmediate(() => {
          future.setResult(i);
        });
    }
    assert.equal((await within('all', waits)).done.size, 100);
  });

  it('refuses what is no future, and an unknown returnWhen', async () => {
    await assert.rejects(mp.futures.wait([Promise.resolve()] as never), TypeError);
    await assert.rejects(mp.futures.wait([], { returnWhen: 'ANY' as never }), /FIRST_COMPLETED/);
  });
});

describe('futures.asCompleted()', () => {
  it('gives each once, in the order in which they are done', async () => {
    const { cancelled, returned, threw, pending, running } = inAllStates();
    const all = new Set([pending, cancelled, returned, threw, running]);
    const seen: unknown[] = [];
    setImmediate(() => {
      running.setResult(1);
      pending.setException(new Error('no'));
    });
    const iterate = async (): Promise<void> => {
      for await (const future of mp.futures.asCompleted([...all, ...all])) seen.push(future);
    };
    await within('all', iterate());
    assert.deepEqual(seen, [cancelled, returned, threw, running, pending]);
  });

  it('gives those that are done, then TimeoutError, by the time since the call', async () => {
    for (const timeout of [0, 10]) {
      const { pending, running, returned, threw } = inAllStates();
      const iterator = mp.futures.asCompleted([pending, running, returned, threw], { timeout });
      const seen = [await iterator.next(), await iterator.next()].map(({ value }) => value);
      assert.deepEqual(seen, [returned, threw]);
      await assert.rejects(within('the time', iterator.next()), (error: Error) => {
        assert.ok(error instanceof mp.TimeoutError);
        assert.equal(error.message, '2 (of 4) futures unfinished');
        return true;
      });
    }
  });

  it('does not hold what it has given', async () => {
    const last = new Future<number>();
    const make = (): mp.futures.Future<number>[] => {
      const done = new Future<number>();
      done.setResult(1);
      return [done, last];
    };
    const iterator = mp.futures.asCompleted(make());
    const given = await (async () => new WeakRef((await iterator.next()).value!))();
    await collectGarbage();
    assert.equal(given.deref(), undefined);
    last.setResult(2);
    assert.equal((await iterator.next()).value, last);
  });
});
