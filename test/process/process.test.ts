// Group P of CPython's behaviours: what a process is given, and what it gives.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import { codeOf, itSends, started } from './running';
import * as targets from './targets';

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
    const args = [
      new Map([['k', new Set([1])]]),
      new Date(5),
      /x/gu,
      new Uint8Array([1, 2]),
      cyclic,
    ];
    const process = await started(new mp.Process({ target: targets.echo, args }));
    assert.deepEqual(await within('the echo', process.result()), args);
  });

  itSends('takes the arguments as they are at start()', async () => {
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
      new mp.Process({
        target: targets.echo,
        args: [{ a: [lock] }, new Map([['v', value]]), value],
      }),
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
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it needs no `this`
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
    const names = await started(
      new mp.Process({ target: targets.startChild, args: [2], name: 'top' }),
    );
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
    assert.throws(() => {
      main.startSync();
    }, codeOf('ERR_MP_PROCESS_STATE'));
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
    assert.throws(make({ tagret: targets.square }), /has no option tagret: it takes target, args/);
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
});
