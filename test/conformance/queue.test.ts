// Queue, JoinableQueue, SimpleQueue: group Q of the features, in one process and between two.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { partyKinds, useParty } from '../helpers/party';
import { timed, until, within } from '../helpers/watchdog';

const code = (name: string) => ({ code: name });

describe('Queue', () => {
  it('gives items back in the order in which they were put', () => {
    const queue = new mp.Queue<number>();
    queue.putManySync([1, 2, 3]);
    queue.putSync(4);
    assert.deepEqual([queue.getSync(), queue.tryGet(), ...queue.getManySync(10)], [1, 2, 3, 4]);
  });

  it('keeps what it is given as structured clone does', async () => {
    const queue = new mp.Queue();
    const shared = { twice: 1 };
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const items: unknown[] = [
      0,
      -0,
      1.5,
      NaN,
      -Infinity,
      2 ** 53,
      true,
      false,
      null,
      undefined,
      '',
      'abc',
      'häß',
      '\ud800 half',
      'x'.repeat(5000),
      'é'.repeat(5000),
      10n,
      -(2n ** 63n),
      2n ** 63n,
      -(2n ** 200n),
      Buffer.from('buffer'),
      new Uint8Array([1, 2]),
      new Float64Array([1.5]),
      new BigInt64Array([-1n]),
      new DataView(new ArrayBuffer(3)),
      new ArrayBuffer(4),
      { id: 1, name: 'abc', ok: true },
      { a: undefined, b: -0, c: [null, [{}]] },
      [1, , 3],
      Object.assign([1], { extra: 2 }),
      { constructor: 1 },
      { toJSON: 2 },
      JSON.parse('{"__proto__":3}'),
      { big: 5n },
      Array.from({ length: 100 }, (_, i) => i),
      new Map([[1, new Set(['x'])]]),
      new Date(5),
      /x/g,
      [shared, shared],
      cycle,
      new RangeError('no'),
    ];
    for (const item of items) {
      queue.putSync(item);
      assert.deepEqual(queue.getSync(), item);
      await queue.put(item);
      assert.deepEqual(await queue.get(), item);
    }
    queue.putSync([shared, shared]);
    const [first, second] = queue.getSync() as object[];
    assert.equal(first, second);
  });

  it('gives a copy of what was put, as it was then', () => {
    const queue = new mp.Queue<{ a: number }>();
    const item = { a: 1 };
    queue.putSync(item);
    item.a = 2;
    assert.deepEqual(queue.getSync(), { a: 1 });
  });

  it('carries shared objects and exported functions', async () => {
    const queue = new mp.Queue<{ lock: mp.Lock; square: (x: number) => number }>();
    const lock = new mp.Lock();
    await queue.put({ lock, square: Math.sqrt });
    const got = await queue.get();
    got.lock.acquireSync();
    assert.equal(lock.locked(), true);
    got.lock.release();
    assert.equal(got.square(9), 3);
  });

  it('tells the caller of put what cannot be sent, and sends nothing', async () => {
    const queue = new mp.Queue();
    const throwing = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('by the getter');
      },
    });
    assert.throws(() => {
      queue.putSync(Symbol('x'));
    }, code('ERR_MP_NOT_CLONEABLE'));
    await assert.rejects(queue.put({ a: [Symbol('x')] }), code('ERR_MP_NOT_CLONEABLE'));
    assert.throws(() => {
      queue.putSync(throwing);
    }, /by the getter/);
    assert.equal(queue.qsize(), 0);
    queue.putSync(1);
    assert.equal(queue.getSync(), 1);
  });

  it('is full at maxsize items, for all forms of put', async () => {
    const queue = new mp.Queue<number>(6);
    assert.equal(queue.maxsize, 6);
    queue.putManySync([1, 2, 3]);
    await queue.put(4, { timeout: 10 });
    assert.equal(queue.tryPut(5), true);
    queue.putSync(6, { timeout: 0 });
    assert.deepEqual([queue.full(), queue.empty(), queue.qsize()], [true, false, 6]);
    assert.equal(queue.tryPut(7), false);
    assert.throws(() => {
      queue.putSync(7, { timeout: 0 });
    }, code('ERR_MP_QUEUE_FULL'));
    assert.throws(() => {
      queue.putSync(7, { timeout: -1 });
    }, mp.QueueFullError);
    const { ms } = await timed(() =>
      assert.rejects(queue.put(7, { timeout: 50 }), mp.QueueFullError),
    );
    assert.ok(ms >= 49, `${ms} ms`);
    assert.deepEqual(queue.getManySync(100), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([queue.full(), queue.empty()], [false, true]);
  });

  it('has no item within the timeout, for all forms of get', async () => {
    const queue = new mp.Queue();
    assert.throws(() => queue.tryGet(), code('ERR_MP_QUEUE_EMPTY'));
    assert.throws(() => queue.getSync({ timeout: 0 }), mp.TimeoutError);
    const blocking = await timed(() => {
      assert.throws(() => queue.getSync({ timeout: 50 }), mp.QueueEmptyError);
    });
    const awaited = await timed(() =>
      assert.rejects(queue.get({ timeout: 50 }), mp.QueueEmptyError),
    );
    assert.ok(blocking.ms >= 49 && awaited.ms >= 49);
  });

  it('ends a wait that is aborted, with its reason, and loses nothing', async () => {
    const queue = new mp.Queue<number>(1);
    const getting = new AbortController();
    const got = queue.get({ signal: getting.signal });
    getting.abort('enough');
    await assert.rejects(got, (reason) => reason === 'enough');
    queue.putSync(1);
    const putting = new AbortController();
    const put = queue.put(2, { signal: putting.signal });
    putting.abort('enough');
    await assert.rejects(put, (reason) => reason === 'enough');
    assert.deepEqual(queue.getManySync(9), [1]);
  });

  it('serves waiting gets and puts of one thread in their order', async () => {
    const queue = new mp.Queue<number>(1);
    const gets = [queue.get(), queue.get(), queue.get()];
    for (const item of [1, 2, 3]) void queue.put(item);
    assert.deepEqual(await within('three gets', Promise.all(gets)), [1, 2, 3]);
    const puts = [1, 2, 3].map((item) => queue.put(item));
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], [1, 2, 3]);
    await within('three puts', Promise.all(puts));
  });

  it('keeps the order of a thread whose awaited puts wait', async () => {
    const queue = new mp.Queue<string>(1);
    queue.putSync('a');
    const waiting = queue.put('b');
    assert.equal(queue.tryPut('c'), false);
    assert.equal(queue.getSync(), 'a');
    await waiting;
    assert.equal(queue.getSync(), 'b');
  });

  it('takes items of any size up to maxBytes, and says which are larger', async () => {
    const queue = new mp.Queue<Buffer>(0, { maxBytes: 4 * 2 ** 20 });
    for (const bytes of [0, 1, 65_000, 70_000, 3_000_000]) {
      const item = Buffer.alloc(bytes, bytes % 251);
      queue.putSync(item);
      assert.deepEqual(await queue.get(), item);
    }
    assert.throws(() => {
      queue.putSync(Buffer.alloc(5_000_000));
    }, code('ERR_MP_MESSAGE_TOO_LARGE'));
    assert.equal(queue.tryPut(Buffer.alloc(3_000_000)), true);
    assert.equal(queue.tryPut(Buffer.alloc(3_000_000)), false);
    assert.throws(() => new mp.Queue(0, { maxBytes: 1 }), RangeError);
    assert.throws(() => new mp.Queue(1.5), RangeError);
    assert.throws(() => new mp.Queue('1' as never), TypeError);
  });

  it('is ended by shutdown, for those who wait too', async () => {
    const queue = new mp.Queue<number>(1);
    queue.putSync(1);
    const put = queue.put(2);
    queue.shutdown();
    await assert.rejects(within('the put', put), mp.QueueShutDownError);
    assert.equal(await queue.get(), 1);
    await assert.rejects(queue.get(), code('ERR_MP_QUEUE_SHUT_DOWN'));
    assert.throws(() => queue.getSync(), mp.QueueShutDownError);
    assert.throws(() => queue.tryPut(3), mp.QueueShutDownError);
  });

  it('drops what is in it when it is shut down at once', async () => {
    const queue = new mp.JoinableQueue<unknown>();
    queue.putManySync([1, { lock: new mp.Lock() }]);
    queue.shutdown({ immediate: true });
    assert.throws(() => queue.getSync(), mp.QueueShutDownError);
    assert.equal(queue.qsize(), 0);
    assert.equal(await queue.join(), true);
  });

  it('is iterated until it is shut down and empty', async () => {
    const queue = new mp.Queue<number>();
    queue.putManySync([1, 2, 3]);
    queue.shutdown();
    const items: number[] = [];
    for await (const item of queue) items.push(item);
    assert.deepEqual(items, [1, 2, 3]);
  });

  it('throws ClosedError after close, and goes on for others', async () => {
    const queue = new mp.Queue<number>();
    const other = mp.attach(mp.share(queue));
    const waiting = queue.get();
    queue.close();
    queue.close();
    await assert.rejects(waiting, mp.ClosedError);
    await assert.rejects(queue.put(1), mp.ClosedError);
    assert.throws(() => {
      queue.putSync(1);
    }, mp.ClosedError);
    assert.throws(() => queue.getSync(), mp.ClosedError);
    assert.throws(() => queue.empty(), mp.ClosedError);
    other.putSync(1);
    assert.equal(other.getSync(), 1);
  });

  it('joins its puts after close, or gives them up', async () => {
    const queue = new mp.Queue<number>(1);
    const reader = mp.attach(mp.share(queue));
    await assert.rejects(queue.joinThread(), code('ERR_MP_QUEUE_OPEN'));
    queue.putSync(1);
    const put = queue.put(2);
    queue.close();
    const joined = queue.joinThread();
    assert.equal(await reader.get(), 1);
    await within('the join', joined);
    await put;
    assert.equal(reader.getSync(), 2);

    const second = new mp.Queue<number>(1);
    second.putSync(1);
    const lost = second.put(2);
    second.cancelJoinThread();
    second.close();
    await assert.rejects(lost, mp.ClosedError);
    await second.joinThread();
  });
});

describe('JoinableQueue', () => {
  it('joins when every item was reported done', async () => {
    const queue = new mp.JoinableQueue<number>();
    assert.equal(await queue.join(), true);
    queue.putManySync([1, 2]);
    assert.equal(queue.joinSync({ timeout: 5 }), false);
    assert.equal(await queue.join({ timeout: 5 }), false);
    const joined = queue.join();
    queue.getManySync(2);
    queue.taskDone();
    assert.equal(queue.unfinished, 1);
    queue.taskDone();
    assert.equal(await within('the join', joined), true);
    assert.throws(() => {
      queue.taskDone();
    }, mp.OverReleaseError);
  });
});

describe('SimpleQueue', () => {
  it('is empty until something is put, and throws when it is closed', () => {
    const queue = new mp.SimpleQueue<number>();
    assert.equal(queue.empty(), true);
    queue.putSync(5);
    assert.equal(queue.empty(), false);
    assert.equal(queue.getSync(), 5);
    queue.close();
    assert.throws(() => queue.empty(), mp.ClosedError);
  });
});

for (const kind of partyKinds) {
  describe(`a queue between a process and a ${kind}`, () => {
    const useOther = useParty(kind);

    it('carries items there and back, with the class it has', async () => {
      const party = await useOther();
      const there = new mp.Queue<unknown>();
      const back = new mp.JoinableQueue<unknown>();
      const echo = party.play('echo', [there, back] as mp.Queue[], { count: 200 });
      for (let i = 0; i < 100; i++) there.putSync({ i, text: 'ü'.repeat(i) });
      for (let i = 0; i < 100; i++) await there.put(Buffer.alloc(i * 1000, i));
      for (let i = 0; i < 100; i++) assert.deepEqual(await back.get(), { i, text: 'ü'.repeat(i) });
      for (let i = 0; i < 100; i++) {
        assert.deepEqual(back.getSync({ timeout: 10_000 }), Buffer.alloc(i * 1000, i));
      }
      await within('the echo', echo);
    });

    it('holds a putter back at maxsize, and lets it go on', async () => {
      const party = await useOther();
      const queue = new mp.Queue<number>(3);
      const put = party.play('putNumbers', [queue] as mp.Queue[], { count: 50 });
      await until('the queue is full', () => queue.full());
      for (let i = 0; i < 50; i++) assert.equal(await within('an item', queue.get()), i);
      await within('the putter', put);
      assert.equal(queue.empty(), true);
    });

    it('loses nothing when the putter ends right after its put', async () => {
      const party = await useOther();
      const queue = new mp.Queue<unknown>();
      await party.play('putNumbers', [queue] as mp.Queue[], { count: 10_000 });
      await party.kill();
      assert.equal(queue.qsize(), 10_000);
      for (let i = 0; i < 10_000; i++) assert.equal(queue.getSync(), i);
    });

    it('wakes a getter that blocks there, and one that awaits', async () => {
      const party = await useOther();
      const queue = new mp.Queue<number>();
      const back = new mp.Queue<number>();
      const echo = party.play('echo', [queue, back] as mp.Queue[], { count: 50 });
      for (let i = 0; i < 50; i++) {
        queue.putSync(i);
        assert.equal(await within('the answer', back.get()), i);
      }
      await within('the echo', echo);
    });
  });
}
