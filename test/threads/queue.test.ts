// Group K of CPython's behaviours: the module `queue`, between threads and processes.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { timed, within } from '../helpers/watchdog';
import * as targets from './queue-targets';

const { queue, threading } = mp;

function drain<T>(from: mp.queue.PriorityQueue<T> | mp.queue.LifoQueue<T>): T[] {
  const items: T[] = [];
  while (!from.empty()) items.push(from.tryGet());
  return items;
}

describe('mp.queue', () => {
  it('has Python’s names: Queue with taskDone(), SimpleQueue, Empty, Full, ShutDown', async () => {
    const plain = new queue.Queue<number>(1);
    plain.putSync(1);
    assert.throws(() => {
      plain.putSync(2, { timeout: 0 });
    }, queue.Full);
    assert.equal(plain.getSync(), 1);
    plain.taskDone();
    assert.equal(await plain.join(), true);
    assert.throws(() => plain.tryGet(), queue.Empty);
    plain.shutdown();
    assert.throws(() => plain.getSync(), queue.ShutDown);
    const simple = new queue.SimpleQueue<number>();
    simple.putSync(3);
    assert.equal(simple.getSync(), 3);
  });
});

describe('PriorityQueue', () => {
  it('gives the least item first, whatever kind it is of', () => {
    const priorities = new queue.PriorityQueue();
    const ordered = [
      -Infinity,
      -5.5,
      -1n,
      0,
      false,
      1,
      new Date(2),
      3n,
      2n ** 60n,
      2n ** 60n + 1n,
      Infinity,
      NaN,
      '',
      'a',
      'a\0',
      'a\u0001',
      'b',
      [],
      [0, 'z'],
      [1],
      [1, 0],
      [1, [2]],
      ['0'],
    ];
    for (const item of [...ordered].reverse()) priorities.putSync(item);
    // -0 and 0, and 0 and false, are alike: the older comes first.
    const drained = drain(priorities);
    const isZero = (item: unknown) => item === 0 || item === false;
    assert.deepEqual(
      drained.filter((item) => !isZero(item)),
      ordered.filter((item) => !isZero(item)),
    );
    assert.deepEqual(drained.filter(isZero), [false, 0]);
  });

  it('gives what is alike in the order in which it was put', () => {
    const priorities = new queue.PriorityQueue<[number, { n: number }]>();
    for (let n = 0; n < 50; n++) priorities.putSync([n % 3, { n }]);
    const drained = drain(priorities);
    const expected = [0, 1, 2].flatMap((priority) =>
      Array.from({ length: 50 }, (_, n) => n).filter((n) => n % 3 === priority),
    );
    assert.deepEqual(
      drained.map(([, { n }]) => n),
      expected,
    );
  });

  it('arrays that contain themselves, and objects, are no trouble', () => {
    const cyclic: unknown[] = [1];
    cyclic.push(cyclic);
    const priorities = new queue.PriorityQueue();
    priorities.putSync({ any: 'object' });
    priorities.putSync(cyclic);
    priorities.putSync(new Map([[1, 2]]));
    const [first, second, third] = drain(priorities) as [unknown[], unknown, unknown];
    assert.equal(first[1], first);
    assert.deepEqual([second, third], [{ any: 'object' }, new Map([[1, 2]])]);
  });

  it('carries shared objects and functions', async () => {
    const lock = new mp.Lock();
    const priorities = new queue.PriorityQueue();
    priorities.putSync([2, lock]);
    priorities.putSync([1, Math.sqrt]);
    assert.equal(((await priorities.get()) as [number, typeof Math.sqrt])[1], Math.sqrt);
    const [, same] = (await priorities.get()) as [number, mp.Lock];
    lock.acquireSync();
    assert.equal(same.tryAcquire(), false);
    lock.release();
  });

  it('grows with what is in it, and stays right', () => {
    const priorities = new queue.PriorityQueue<number>();
    const count = 20_000;
    for (let i = 0; i < count; i++) priorities.putSync((i * 7919) % count);
    assert.equal(priorities.qsize(), count);
    for (let i = 0; i < count; i++) assert.equal(priorities.getSync(), i);
    assert.equal(priorities.empty(), true);
  });

  it('is full at maxsize, and at maxBytes; an item that never fits is refused', () => {
    const few = new queue.PriorityQueue<number>(2);
    assert.equal(few.maxsize, 2);
    assert.equal(few.tryPut(1), true);
    assert.equal(few.tryPut(2), true);
    assert.equal(few.full(), true);
    assert.equal(few.tryPut(3), false);
    assert.equal(few.tryGet(), 1);
    assert.equal(few.full(), false);
    const small = new queue.PriorityQueue<Uint8Array>(0, { maxBytes: 65_536 });
    let put = 0;
    while (small.tryPut(new Uint8Array(1000))) put++;
    assert.ok(put > 50 && put < 66, `${String(put)} items of 1000 bytes`);
    for (let i = 0; i < 20; i++) assert.equal(small.tryGet().length, 1000);
    assert.equal(small.tryPut(new Uint8Array(10_000)), true, 'what was taken is used again');
    assert.throws(() => small.tryPut(new Uint8Array(65_536)), { code: 'ERR_MP_MESSAGE_TOO_LARGE' });
    assert.throws(() => new queue.PriorityQueue(1.5), RangeError);
    assert.throws(() => new queue.PriorityQueue(0, { maxBytes: 2 ** 30 }), RangeError);
  });

  it('refuses what cannot be sent, at put()', async () => {
    const priorities = new queue.PriorityQueue();
    await assert.rejects(priorities.put([1, Promise.resolve()]), mp.NotCloneableError);
    assert.throws(() => priorities.tryPut(() => 1), mp.NotImportableError);
    assert.equal(priorities.qsize(), 0);
  });
});

describe('LifoQueue', () => {
  it('gives the item that was put last', async () => {
    const stack = new queue.LifoQueue<unknown>();
    for (const item of [1, 'two', [3], undefined]) await stack.put(item);
    assert.deepEqual(drain(stack), [undefined, [3], 'two', 1]);
    assert.match(inspect(stack), /^LifoQueue \{ qsize: 0 \}$/);
  });
});

for (const Kind of [queue.PriorityQueue, queue.LifoQueue]) {
  describe(`waiting at a ${Kind.name}`, () => {
    it('get() and put() wait for each other, in both forms', async () => {
      const one = new Kind<number>(1);
      const got = one.get();
      await one.put(1);
      assert.equal(await within('the item', got), 1);
      await one.put(2);
      const put = one.put(3);
      assert.equal(await one.get(), 2);
      await within('the put', put);
      assert.equal(one.getSync(), 3);
    });

    it('times out with Empty and Full, and can be aborted', async () => {
      const one = new Kind<number>(1);
      const { ms } = await timed(() => assert.rejects(one.get({ timeout: 30 }), queue.Empty));
      assert.ok(ms >= 30, `after ${String(ms)} ms`);
      assert.throws(() => one.getSync({ timeout: 5 }), queue.Empty);
      assert.throws(() => one.tryGet(), queue.Empty);
      await one.put(1);
      await assert.rejects(one.put(2, { timeout: 5 }), queue.Full);
      assert.throws(() => {
        one.putSync(2, { timeout: 5 });
      }, queue.Full);
      const reason = new Error('enough');
      await assert.rejects(one.put(2, { signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      const put = one.put(2, { signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(put, reason);
      assert.equal(one.qsize(), 1);
    });

    it('awaited and blocking calls of one thread do not stand in each other’s way', async () => {
      const some = new Kind<number>(4);
      const gets = Array.from({ length: 100 }, () => some.get());
      for (let i = 0; i < 100; i++) {
        await Promise.resolve();
        while (!some.tryPut(i)) await new Promise((resolve) => setImmediate(resolve));
      }
      const got = await within('all gets', Promise.all(gets));
      assert.deepEqual(
        got.sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, i) => i),
      );
    });

    it('taskDone() and join() count, as often as items were put', async () => {
      const one = new Kind<number>();
      assert.equal(await one.join(), true);
      one.putSync(1);
      assert.equal(one.unfinished, 1);
      assert.equal(await one.join({ timeout: 5 }), false);
      assert.equal(one.joinSync({ timeout: 5 }), false);
      const join = one.join();
      one.getSync();
      one.taskDone();
      assert.equal(await within('the join', join), true);
      assert.throws(() => {
        one.taskDone();
      }, mp.OverReleaseError);
    });

    it('shutdown() lets getters empty it; immediately it drops what is there', async () => {
      const one = new Kind<number>();
      one.putSync(1);
      one.shutdown();
      assert.throws(() => one.tryPut(2), queue.ShutDown);
      const items: number[] = [];
      for await (const item of one) items.push(item);
      assert.deepEqual(items, [1]);
      await assert.rejects(one.get(), queue.ShutDown);
      const other = new Kind<number>(1);
      other.putSync(1);
      const put = other.put(2);
      other.shutdown({ immediate: true });
      await assert.rejects(within('the put', put), queue.ShutDown);
      assert.throws(() => other.getSync(), queue.ShutDown);
      assert.equal(await other.join(), true);
    });

    it('close() ends its use here; pending calls reject', async () => {
      const one = new Kind<number>();
      const get = one.get();
      one.close();
      one.close();
      await assert.rejects(within('the get', get), mp.ClosedError);
      await assert.rejects(one.put(1), mp.ClosedError);
      assert.throws(() => one.qsize(), mp.ClosedError);
      assert.match(inspect(one), /closed/);
    });
  });

  for (const kind of ['threads', 'processes'] as const) {
    describe(`${Kind.name} between ${kind}`, () => {
      const start = async <T, A extends readonly unknown[]>(
        target: (...args: A) => T | PromiseLike<T>,
        args: A,
      ): Promise<Pick<mp.Process<T>, 'join' | 'result' | 'terminate'>> => {
        const options = { target, args };
        const party =
          kind === 'threads' ? new threading.Thread<T, A>(options) : new mp.Process<T, A>(options);
        await party.start();
        return party;
      };

      it('each item is got once, by whoever comes', async () => {
        const shared = new Kind<number>(50);
        const count = 300;
        const takers = await Promise.all([
          start(targets.takeAll, [shared]),
          start(targets.takeAllSync, [shared]),
        ]);
        const putters = await Promise.all([
          start(targets.putNumbers, [shared, 0, count]),
          start(targets.putNumbersAwaiting, [shared, count, count]),
        ]);
        for (const putter of putters) await within('all to be put', putter.result());
        assert.equal(await within('all to be done', shared.join()), true);
        shared.shutdown();
        const taken = await within('the takers', Promise.all(takers.map((each) => each.result())));
        assert.deepEqual(
          taken.flat().sort((a, b) => a - b),
          Array.from({ length: 2 * count }, (_, i) => i),
        );
        for (const each of [...takers, ...putters]) await within('the end', each.join());
      });

      it('one that is ended while it waits takes nothing along', async () => {
        const shared = new Kind<number>();
        const running = new mp.Semaphore(0);
        const waiting = await start(targets.takeOne, [shared, running]);
        await within('it to run', running.acquire());
        waiting.terminate();
        await within('the end', waiting.join());
        shared.putSync(5);
        assert.equal(shared.qsize(), 1);
        assert.equal(shared.tryGet(), 5);
      });
    });
  }

  it(`${Kind.name}: a kill at any instant loses nothing, but what was in hand`, async () => {
    const rounds = Number(process.env.MP_KILL_ROUNDS ?? 12);
    const shared = new Kind<number>();
    const parties = 2;
    const counts = [1, 2, 3, 4].map(() => new mp.RawArray('i', parties * rounds));
    for (let round = 0; round < rounds; round++) {
      const churners = Array.from(
        { length: parties },
        (_, i) =>
          new mp.Process({ target: targets.churn, args: [shared, parties * round + i, counts] }),
      );
      for (const churner of churners) await churner.start();
      await within('all to churn', waitForCounts(counts[3]!, parties * round, parties));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      for (const churner of churners) churner.kill();
      for (const churner of churners) await within('the end', churner.join());
    }
    const sum = (array: ArrayLike<number>) => Array.from(array).reduce((a, b) => a + b, 0);
    const [intended, done, taking, took] = counts.map(sum) as [number, number, number, number];
    const left = drain(shared).length;
    // Of each killed party one put and one get may have happened without its saying so.
    assert.ok(
      left >= done - taking,
      `${String(left)} left, ${String(done)} put, ${String(taking)}`,
    );
    assert.ok(left <= intended - took, `${String(left)} left of ${String(intended - took)}`);
    assert.ok(intended - done <= parties * rounds && taking - took <= parties * rounds);
    assert.ok(took > 0);
  }).timeout(60_000);
}

async function waitForCounts(counts: ArrayLike<number>, first: number, count: number) {
  const all = () => Array.from({ length: count }, (_, i) => counts[first + i]!).every((n) => n > 0);
  while (!all()) await new Promise((resolve) => setTimeout(resolve, 1));
}
