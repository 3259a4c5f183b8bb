// Group P of CPython's behaviours: the life of a process.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog';
import * as targets from './targets';

const started = async <T>(process: mp.Process<T>): Promise<mp.Process<T>> => {
  await process.start();
  return process;
};

const codeOf = (code: string) => (error: Error & { code?: string }) => error.code === code;

/** A process that says when it runs. */
async function running(
  target: (running: mp.Semaphore) => unknown,
  options: { daemon?: boolean } = {},
): Promise<mp.Process> {
  const semaphore = new mp.Semaphore(0);
  const process = await started(new mp.Process({ target, args: [semaphore], ...options }));
  await within('the child to run', semaphore.acquire());
  return process;
}

describe('Process', () => {
  it('runs a function with arguments and gives its return value', async () => {
    const process = new mp.Process({ target: targets.square, args: [7] });
    assert.equal(process.pid, null);
    assert.equal(process.exitCode, null);
    assert.equal(process.isAlive(), false);
    await process.start();
    assert.equal(typeof process.pid, 'number');
    assert.equal(process.ident, process.pid);
    assert.equal(await within('the result', process.result()), 49);
    assert.equal(await process.join(), true);
    assert.equal(process.exitCode, 0);
    assert.equal(process.isAlive(), false);
  });

  it('copies arguments by structured clone, in any nesting', async () => {
    const cyclic: Record<string, unknown> = { list: [1, undefined, null, 2n] };
    cyclic.self = cyclic;
    const args = [new Map([['k', new Set([1])]]), new Date(5), /x/gu, new Uint8Array([1, 2]), cyclic];
    const process = await started(new mp.Process({ target: targets.echo, args }));
    assert.deepEqual(await within('the echo', process.result()), args);
  });

  it('takes the arguments as they are at start()', async () => {
    const list = [1];
    const process = new mp.Process({ target: targets.echo, args: [list] });
    list.push(2);
    const start = process.start();
    list.push(3);
    await start;
    assert.deepEqual(await within('the echo', process.result()), [[1, 2]]);
  });

  it('shares objects that are arguments, also nested and returned', async () => {
    const lock = new mp.Lock();
    const value = new mp.Value('i', 1);
    const process = await started(
      new mp.Process({ target: targets.echo, args: [{ a: [lock] }, new Map([['v', value]]), value] }),
    );
    const [{ a }, map, again] = (await within('the echo', process.result())) as unknown as [
      { a: [mp.Lock] },
      Map<string, mp.Value<'i'>>,
      mp.Value<'i'>,
    ];
    lock.acquireSync();
    assert.equal(a[0].locked(), true);
    value.value = 5;
    assert.equal(map.get('v')?.value, 5);
    assert.equal(map.get('v'), again);
  });

  it('calls functions and classes that are arguments by reference', async () => {
    const args = [targets.square, { made: targets.Tools }, Math.max, targets.api.math.cube];
    const process = await started(new mp.Process({ target: targets.echo, args }));
    const echoed = (await within('the echo', process.result())) as typeof args;
    assert.deepEqual(echoed, args);
    assert.equal(echoed[0], targets.square);
  });

  it('finds targets that are members, static methods, defaults and built-ins', async () => {
    const cases: [(...args: never[]) => unknown, unknown[], unknown][] = [
      [targets.api.math.cube, [3], 27],
      [targets.Tools.half, [3], 1.5],
      [targets.default, [], 'default'],
      [Math.hypot, [3, 4], 5],
    ];
    for (const [target, args, expected] of cases) {
      const process = await started(new mp.Process({ target, args: args as never[] }));
      assert.equal(await within(target.name, process.result()), expected);
    }
  });

  it('has a name by its class and number, and takes any other', async () => {
    const one = new mp.Process();
    const two = new mp.Process();
    const number = (process: mp.Process) => Number(/^Process-(\d+)$/.exec(process.name)?.[1]);
    assert.equal(number(two), number(one) + 1);
    one.name = 'called so';
    assert.equal(one.name, 'called so');
    assert.throws(() => (one.name = 5 as unknown as string), TypeError);
    assert.match(new targets.Clock(1, new mp.Value('i', 0)).name, /^clock-1$/);
    const names = await started(new mp.Process({ target: targets.startChild, args: [2], name: 'top' }));
    const [, child, grandchild] = await within('the names', names.result());
    assert.match(child ?? '', /^Process-\d+:1$/);
    assert.equal(grandchild, `${String(child)}:1`);
  });

  it('runs run() of a subclass in the child, with the fields that it was given', async () => {
    const value = new mp.Value('i', 0);
    const clock = new targets.Clock(20, value);
    await clock.start();
    assert.equal(await within('the clock', clock.result()), 'clock-20 20 Clock');
    assert.equal(value.value, 20);
    assert.equal(clock.label, 'tick', 'what run() changes stays in the child');
    assert.equal(clock.hidden, 1);
  });

  it('runs here when run() is called', () => {
    assert.equal(new mp.Process({ target: targets.square, args: [3] }).run(), 9);
  });

  it('tells the child who it is', async () => {
    process.env.MP_TEST_VARIABLE = 'set before start';
    const child = new mp.Process({ target: targets.introspect, name: 'inner' });
    await child.start();
    process.env.MP_TEST_VARIABLE = 'set after start';
    const seen = await within('what it sees', child.result());
    delete process.env.MP_TEST_VARIABLE;
    assert.deepEqual(
      { ...seen, authkey: Buffer.from(seen.authkey) },
      {
        name: 'inner',
        pid: child.pid,
        realPid: child.pid,
        daemon: false,
        exitCode: null,
        authkey: Buffer.from(mp.currentProcess().authkey),
        isMain: false,
        isAlive: true,
        parent: { name: 'MainProcess', pid: process.pid, isAlive: true },
        cwd: process.cwd(),
        argv: process.argv,
        environment: 'set before start',
        stdin: '/dev/null',
      },
    );
  });

  it('the main process is MainProcess, with 32 bytes of authkey', () => {
    const main = mp.currentProcess();
    assert.equal(main.name, 'MainProcess');
    assert.equal(main.pid, process.pid);
    assert.equal(main.daemon, false);
    assert.equal(main.exitCode, null);
    assert.equal(main.isAlive(), true);
    assert.equal(main.authkey.length, 32);
    assert.equal(mp.parentProcess(), null);
    assert.equal(mp.isMainProcess(), true);
    assert.throws(() => main.startSync(), codeOf('ERR_MP_PROCESS_STATE'));
    assert.throws(() => main.joinSync(), codeOf('ERR_MP_PROCESS_STATE'));
  });

  it('takes an authkey of bytes only', () => {
    const process = new mp.Process();
    process.authkey = Buffer.from('secret');
    assert.deepEqual(Buffer.from(process.authkey), Buffer.from('secret'));
    assert.throws(() => (process.authkey = 'secret' as unknown as Uint8Array), TypeError);
  });

  it('refuses options of the wrong type', () => {
    const make = (options: unknown) => () => new mp.Process(options as mp.ProcessOptions);
    assert.throws(make(targets.square), /options such as/);
    assert.throws(make({ target: 'square' }), /target must be a function/);
    assert.throws(make({ args: 7 }), /args must be an array/);
    assert.throws(make({ name: 7 }), /name must be a string/);
    assert.throws(make({ daemon: 'yes' }), /daemon must be true or false/);
  });

  it('starts once only', async () => {
    const process = await started(new mp.Process({ target: targets.square, args: [1] }));
    await assert.rejects(process.start(), codeOf('ERR_MP_PROCESS_STATE'));
    await process.join();
    await assert.rejects(process.start(), /cannot be started twice/);
  });

  it('lets go of target and arguments once it was started', async () => {
    const process = new mp.Process({ target: targets.square, args: [1] });
    await process.start();
    assert.equal(process.run(), undefined);
    await process.join();
  });

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
    assert.throws(() => process.terminate(), codeOf('ERR_MP_PROCESS_STATE'));
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
      await assert.rejects(process.result(), { name: 'ProcessError', exitCode: code, signal: null });
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
    assert.ok(Number.isInteger(process.sentinel));
    process.close();
    assert.throws(() => process.sentinel, mp.ClosedError);
  });

  it('close() refuses while it runs; afterwards everything throws ClosedError', async () => {
    const process = await running(targets.waitForEver);
    assert.throws(() => process.close(), codeOf('ERR_MP_PROCESS_STATE'));
    process.kill();
    await process.join();
    process.close();
    process.close();
    for (const use of [
      () => process.pid,
      () => process.exitCode,
      () => process.isAlive(),
      () => process.name,
      () => process.terminate(),
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
    assert.equal(inspect(process), `Process { name: 'p', pid: ${pid}, stopped, exitCode: 0, daemon }`);
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
    assert.ok(!mp.activeChildren().includes(process as mp.Process));
    await process.start();
    assert.ok(mp.activeChildren().includes(process as mp.Process));
    process.kill();
    process.joinSync();
    assert.ok(!mp.activeChildren().includes(process as mp.Process));
  });

  it('a daemon may not have children', async () => {
    const process = await started(new mp.Process({ target: targets.startDaemonsChild, daemon: true }));
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
