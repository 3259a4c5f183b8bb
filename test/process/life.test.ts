// Group P of CPython's behaviours: waiting for a process, ending it, and what is left of it.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog';
import { codeOf, running, started } from './running';
import * as targets from './targets';

describe('the life of a process', () => {
  it('join() returns false at its timeout, at once for 0 and less, and can be aborted', async () => {
    const process = await running(targets.waitForEver);
    assert.equal(await process.join({ timeout: 0 }), false);
    assert.equal(await process.join({ timeout: -1 }), false);
    assert.equal(process.joinSync({ timeout: 5 }), false);
    assert.equal(await process.join({ timeout: 5 }), false);
    const reason = new Error('enough');
    await assert.rejects(process.join({ signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const join = process.join({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(join, reason);
    process.terminate();
    assert.equal(await within('the end', process.join()), true);
    assert.equal(await process.join(), true, 'as often as one likes');
  });

  it('join() and result() need a start', async () => {
    const process = new mp.Process({ target: targets.square, args: [1] });
    await assert.rejects(process.join(), codeOf('ERR_MP_PROCESS_STATE'));
    assert.throws(() => process.joinSync(), codeOf('ERR_MP_PROCESS_STATE'));
    await assert.rejects(process.result(), codeOf('ERR_MP_PROCESS_STATE'));
    assert.throws(() => {
      process.terminate();
    }, codeOf('ERR_MP_PROCESS_STATE'));
    assert.throws(() => process.sentinel, codeOf('ERR_MP_PROCESS_STATE'));
  });

  it('joinSync() and startSync() block, and give the result afterwards', async () => {
    const process = new mp.Process({ target: targets.square, args: [9] });
    process.startSync();
    assert.equal(process.joinSync(), true);
    assert.equal(process.exitCode, 0);
    assert.equal(await process.result(), 81);
  });

  it('a result larger than any pipe blocks nobody', async () => {
    const big = new Uint8Array(8 << 20).fill(3);
    const process = new mp.Process({ target: targets.echo, args: [big] });
    process.startSync();
    assert.equal(process.joinSync(), true);
    assert.deepEqual(await process.result(), [big]);
  });

  for (const [signal, end] of [
    ['SIGTERM', 'terminate'],
    ['SIGKILL', 'kill'],
    ['SIGINT', 'interrupt'],
  ] as const) {
    it(`${end}() ends it with ${signal}`, async () => {
      const process = await running(targets.loopForEver);
      process[end]();
      await within('the end', process.join());
      const { exitCode } = process;
      assert.equal(exitCode, { SIGTERM: -15, SIGKILL: -9, SIGINT: -2 }[signal]);
      await assert.rejects(process.result(), (error: mp.ProcessError) => {
        assert.ok(error instanceof mp.ProcessError);
        assert.deepEqual([error.exitCode, error.signal], [exitCode, signal]);
        return true;
      });
      process[end]();
    });
  }

  it('interrupt() reaches a handler', async () => {
    const process = await running(targets.handleInterrupt);
    process.interrupt();
    assert.equal(await within('the handler', process.result()), 'interrupted');
    await process.join();
    assert.equal(process.exitCode, 0);
  });

  it('exitCode is what process.exit() was given', async () => {
    for (const code of [0, 3, 255]) {
      const process = await started(new mp.Process({ target: targets.exit, args: [code] }));
      await within('the end', process.join());
      assert.equal(process.exitCode, code);
      await assert.rejects(process.result(), {
        name: 'ProcessError',
        exitCode: code,
        signal: null,
      });
    }
  });

  it('result() tells of a target that can never return', async () => {
    const process = await started(new mp.Process({ target: targets.neverSettles }));
    await assert.rejects(within('the end', process.result()), /before its target returned/);
    assert.equal(process.exitCode, 0);
  });

  it('sentinel becomes readable at the end', async () => {
    const process = await running(targets.waitForEver);
    const { sentinel } = process;
    assert.ok(Number.isInteger(sentinel));
    process.kill();
    await process.join();
    assert.equal(process.sentinel, sentinel, 'others may still watch it');
    process.close();
    assert.throws(() => process.sentinel, mp.ClosedError);
  });

  it('close() refuses while it runs; afterwards everything throws ClosedError', async () => {
    const process = await running(targets.waitForEver);
    assert.throws(() => {
      process.close();
    }, codeOf('ERR_MP_PROCESS_STATE'));
    process.kill();
    await process.join();
    process.close();
    process.close();
    for (const use of [
      () => process.pid,
      () => process.exitCode,
      () => process.isAlive(),
      () => process.name,
      () => {
        process.terminate();
      },
      () => process.joinSync(),
    ]) {
      assert.throws(use, mp.ClosedError);
    }
    await assert.rejects(process.join(), mp.ClosedError);
    await assert.rejects(process.start(), mp.ClosedError);
  });

  it('shows its state', async () => {
    const process = new mp.Process({ target: targets.square, args: [1], name: 'p', daemon: true });
    assert.equal(inspect(process), "Process { name: 'p', initial, daemon }");
    await process.start();
    await process.join();
    const pid = String(process.pid);
    assert.equal(
      inspect(process),
      `Process { name: 'p', pid: ${pid}, stopped, exitCode: 0, daemon }`,
    );
    process.close();
    assert.equal(inspect(process), 'Process { closed }');
  });

  it('await using joins', async () => {
    const process = new mp.Process({ target: targets.square, args: [2] });
    await process[Symbol.asyncDispose]();
    await process.start();
    await process[Symbol.asyncDispose]();
    assert.equal(process.exitCode, 0);
  });

  it('activeChildren() lists those that run', async () => {
    const process = new mp.Process({ target: targets.waitForEver, args: [new mp.Semaphore(0)] });
    assert.ok(!mp.activeChildren().includes(process));
    await process.start();
    assert.ok(mp.activeChildren().includes(process));
    process.kill();
    process.joinSync();
    assert.ok(!mp.activeChildren().includes(process));
  });

  it('a daemon may not have children', async () => {
    const process = await started(
      new mp.Process({ target: targets.startDaemonsChild, daemon: true }),
    );
    await assert.rejects(within('the error', process.result()), {
      code: 'ERR_MP_DAEMON_CHILD',
      message: /daemonic processes are not allowed to have children/,
    });
    await process.join();
    assert.equal(process.exitCode, 1);
  });

  it('daemon is set before the start only, and inherited', async () => {
    const process = new mp.Process({ target: targets.introspect, daemon: true });
    await process.start();
    assert.throws(() => (process.daemon = false), codeOf('ERR_MP_PROCESS_STATE'));
    assert.equal((await within('what it sees', process.result())).daemon, true);
    await process.join();
  });

  it('goes on after it has returned, as long as something is left to do', async () => {
    const counter = new mp.Value('i', 0);
    const process = await started(new mp.Process({ target: targets.leaveTimer, args: [counter] }));
    assert.equal(await within('the result', process.result()), 'returned');
    await within('the end', process.join());
    assert.equal(counter.value, 7);
  });

  it('a child has worker threads', async () => {
    const counter = new mp.Value('i', 0);
    const process = await started(new mp.Process({ target: targets.startWorker, args: [counter] }));
    await within('the end', process.join());
    assert.equal(counter.value, 1);
  });

  it('children have no descriptors but their own, however many run', async () => {
    const children = await Promise.all(
      Array.from({ length: 4 }, () => started(new mp.Process({ target: targets.openDescriptors }))),
    );
    const lists = await Promise.all(children.map((child) => within('descriptors', child.result())));
    const [first, ...others] = lists.map((list) => list.length);
    for (const other of others) assert.equal(other, first);
  });

  it('a grandchild sees its parent end', async () => {
    const seen = new mp.Array('i', [-1, -1, -1]);
    const semaphore = new mp.Semaphore(0);
    const child = await started(
      new mp.Process({ target: targets.startWatcher, args: [seen, semaphore] }),
    );
    await within('the grandchild', semaphore.acquire());
    assert.equal(seen[0], 1);
    child.kill();
    await within('the grandchild to see it', semaphore.acquire());
    assert.deepEqual([...seen], [1, 0, 1]);
  });

  it('ended processes hold no descriptors', async () => {
    const count = () => targets.openDescriptors().length;
    const kept: mp.Process<number>[] = [];
    await (await started(new mp.Process({ target: targets.square, args: [1] }))).join();
    const before = count();
    for (let i = 0; i < 5; i++) {
      const process = await started(new mp.Process({ target: targets.square, args: [i] }));
      await within('the end', process.join());
      kept.push(process);
    }
    await until('no descriptor more', () => count() <= before);
    assert.deepEqual(await Promise.all(kept.map((process) => process.result())), [0, 1, 4, 9, 16]);
  });
});
