// Queues with names.
import * as mp from 'node-multiprocessing';
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';

import { within } from '../helpers/watchdog';
import { fileOf, useNames, useStrangers } from './strangers';

const make = { create: true } as const;

describe('a queue with a name', () => {
  const newName = useNames();
  const start = useStrangers();

  it('carries items between processes that share nothing else, both ways', async () => {
    const name = newName();
    const queue = mp.Queue.open(name, make);
    const other = start();
    await other.ask({ ask: 'open', name, type: 'Queue' });
    const item = { text: 'grüße', list: [1, 2.5, null], nested: { deep: true } };
    await other.ask({ ask: 'put', name, item });
    assert.deepEqual(queue.getSync({ timeout: 5000 }), item);
    queue.putSync([7]);
    assert.deepEqual(await other.ask({ ask: 'get', name }), { value: [7] });
    const awaited = queue.get();
    await other.ask({ ask: 'put', name, item: 'late' });
    assert.equal(await within('an item', awaited), 'late');
  });

  it('is made by exactly one of 6 that create it at once, and all put into that one', async () => {
    const name = newName();
    const others = Array.from({ length: 6 }, () => start());
    await Promise.all(
      others.map((one) => one.ask({ ask: 'open', name, type: 'Queue', options: make })),
    );
    await Promise.all(others.map((one, item) => one.ask({ ask: 'put', name, item })));
    const queue = mp.Queue.open<number>(name);
    const items = await queue.getMany(6, { timeout: 5000 });
    assert.deepEqual(
      items.sort((a, b) => a - b),
      others.map((_, i) => i),
    );
  }).timeout(60_000);

  it('keeps what was put when all who used it were killed', async () => {
    const name = newName();
    const putter = start();
    await putter.ask({ ask: 'open', name, type: 'Queue', options: make });
    for (const item of ['first', 'second']) await putter.ask({ ask: 'put', name, item });
    await putter.kill();
    const queue = mp.Queue.open(name);
    assert.deepEqual(queue.getManySync(5), ['first', 'second']);
  });

  it('grows for others’ messages as well as for its maker’s, up to its limit', async () => {
    const name = newName();
    const maxBytes = 4 * 2 ** 20;
    const queue = mp.Queue.open<Uint8Array>(name, { ...make, maxBytes });
    const other = start();
    await other.ask({ ask: 'open', name, type: 'Queue' });
    const text = 'x'.repeat(300_000);
    let sent = 0;
    while (queue.tryPut(Buffer.alloc(300_000, sent))) sent++;
    assert.ok(sent >= 12, `only ${sent} messages of 300,000 bytes fit into ${maxBytes}`);
    for (let i = 0; i < sent; i++) assert.equal(queue.tryGet()[299_999], i);
    for (let round = 0; round < 12; round++) {
      assert.deepEqual(await other.ask({ ask: 'put', name, item: text }), { value: true });
    }
    assert.ok(queue.getManySync(12).every((item) => (item as unknown) === text));
    assert.equal(queue.qsize(), 0);
    assert.throws(
      () => {
        queue.putSync(Buffer.alloc(maxBytes));
      },
      { code: 'ERR_MP_MESSAGE_TOO_LARGE' },
    );
  });

  it('brings shared objects of a process that lives', async () => {
    const name = newName();
    const queue = mp.Queue.open<mp.Value<'i'>>(name, make);
    const other = start();
    await other.ask({ ask: 'open', name, type: 'Queue' });
    await other.ask({ ask: 'putShared', name, item: 41 });
    const value = queue.getSync();
    assert.equal(value.add(1), 41);
    assert.equal(value.value, 42);
  });

  it('is this user’s only, can be opened only as what it is, and can be removed', () => {
    const [queue, joinable] = [newName(), newName()];
    mp.Queue.open(queue, make);
    assert.equal(statSync(fileOf(queue)).mode & 0o7777, 0o600);
    mp.JoinableQueue.open(joinable, make);
    const isWrong = { code: 'ERR_MP_NAME_TYPE' };
    assert.throws(() => mp.JoinableQueue.open(queue), isWrong);
    assert.throws(() => mp.SimpleQueue.open(queue), isWrong);
    assert.throws(() => mp.Lock.open(queue), isWrong);
    assert.throws(() => mp.Queue.open(queue, { ...make, exclusive: true }), {
      code: 'ERR_MP_NAME_EXISTS',
    });
    // A JoinableQueue is a Queue.
    assert.ok(mp.Queue.open(joinable) instanceof mp.JoinableQueue);
    mp.unlink(queue);
    assert.ok(!existsSync(fileOf(queue)));
    assert.throws(() => mp.Queue.open(queue), { code: 'ERR_MP_NAME_NOT_FOUND' });
  });

  it('can be joined, shut down, and given to children by attach', async () => {
    const [joinable, simple] = [newName(), newName()];
    const queue = mp.JoinableQueue.open<number>(joinable, make);
    const other = start();
    await other.ask({ ask: 'open', name: joinable, type: 'JoinableQueue' });
    queue.putSync(1);
    const join = queue.join();
    await other.ask({ ask: 'get', name: joinable });
    queue.taskDone();
    assert.equal(await within('the join', join), true);
    const plain = mp.SimpleQueue.open<number>(simple, make);
    const copy = mp.attach(mp.share(plain));
    copy.putSync(3);
    plain.shutdown();
    assert.equal(plain.getSync(), 3);
    assert.throws(() => copy.getSync(), mp.QueueShutDownError);
  });
});
