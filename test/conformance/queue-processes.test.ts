// Queues between processes of each start method: group Q of the behaviours that CPython tests.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { childrenBy } from '../helpers/children';
import { within } from '../helpers/watchdog';
import * as targets from './message-targets';

const modes = ['blocking', 'awaited'] as const;

for (const method of mp.getAllStartMethods()) {
  const { start, end } = childrenBy(method);

  describe(`queues and processes by ${method}`, () => {
    it('a process that has put can hand the queue on; all comes in order, then nothing', async () => {
      const queue = new mp.Queue<number>();
      const child = await start(targets.putAndHandOn, queue);
      for (let i = 0; i < 20; i++) assert.equal(await within('an item', queue.get()), i);
      await assert.rejects(queue.get({ timeout: 0 }), mp.QueueEmptyError);
      await end(child);
      assert.throws(() => queue.tryGet(), mp.QueueEmptyError);
    });

    it('a process can be joined before its items are got', async () => {
      const queue = new mp.Queue<number>();
      await end(await start(targets.putRange, queue, [0, 49_999], 'awaited'));
      assert.equal(queue.qsize(), 50_000);
      for (let i = 0; i < 50_000; i++) assert.equal(queue.getSync(), i);
    });

    for (const how of ['returns', 'exits'] as const) {
      it(`puts that wait for room when the process ${how} are done before it ends`, async () => {
        const queue = new mp.Queue<string>(1);
        const child = await start(targets.putMore, queue, 6, how);
        for (let i = 0; i < 6; i++) {
          assert.equal(await within('an item', queue.get()), `item ${String(i)}`);
        }
        await within('the end', child.join());
        assert.equal(child.exitCode, 0);
        assert.equal(queue.qsize(), 0);
      });
    }

    it('cancelJoinThread() lets the process end without them', async () => {
      const queue = new mp.Queue<string>(1);
      const child = await start(targets.putMore, queue, 6, 'cancels');
      await within('the end', child.join());
      assert.equal(child.exitCode, 0);
      assert.deepEqual(queue.getManySync(9), ['item 0']);
    });

    for (const mode of modes) {
      it(`join() waits until four processes have reported all items, ${mode}`, async () => {
        const queue = new mp.JoinableQueue<number | null>();
        const workers: mp.Process<number>[] = [];
        for (let i = 0; i < 4; i++) workers.push(await start(targets.work, queue, mode));
        for (let i = 0; i < 40; i++) await queue.put(i);
        assert.equal(await within('the join', queue.join()), true);
        assert.equal(queue.empty(), true);
        queue.putManySync(workers.map(() => null));
        let done = 0;
        for (const worker of workers) done += await end(worker);
        assert.equal(done, 40);
        assert.equal(queue.joinSync({ timeout: 10_000 }), true);
        assert.throws(() => {
          queue.taskDone();
        }, mp.OverReleaseError);
      });

      it(`shutdown() ends a process that waits for an item, ${mode}`, async () => {
        const queue = new mp.Queue();
        const begun = new mp.Semaphore(0);
        const child = await start(targets.waitForEnd, queue, begun, mode);
        await within('the child to begin', begun.acquire());
        queue.shutdown();
        assert.equal(await end(child), 'QueueShutDownError');
      });
    }

    it('a full queue refuses a process in all forms, until somebody has got an item', async () => {
      const queue = new mp.Queue<number>(6);
      queue.putManySync([1, 2, 3, 4, 5, 6]);
      const refusals = await end(await start(targets.refusalsOfPut, queue));
      const full = 'QueueFullError';
      assert.deepEqual(refusals, [true, false, false, full, full, full, full]);
      assert.equal(queue.getSync(), 1);
      assert.equal(queue.full(), false);
      await end(await start(targets.putRange, queue, [7, 7], 'blocking'));
      assert.equal(queue.full(), true);
      assert.deepEqual(queue.getManySync(9), [2, 3, 4, 5, 6, 7]);
      assert.equal(queue.empty(), true);
    });

    it('a SimpleQueue is empty until a process has put two values, and then again', async () => {
      const queue = new mp.SimpleQueue<number>();
      assert.equal(queue.empty(), true);
      await end(await start(targets.putRange, queue, [1, 2], 'blocking'));
      assert.equal(queue.empty(), false);
      assert.deepEqual([queue.getSync(), queue.getSync()], [1, 2]);
      assert.equal(queue.empty(), true);
    });
  });
}
