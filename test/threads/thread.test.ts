// Group T of CPython's behaviours: what a thread is given, and what it gives.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import { codeOf } from '../process/running';
import { timed, within } from '../helpers/watchdog';
import { run, running, started } from './starting';
import * as targets from './targets';

const { threading } = mp;

describe('Thread', () => {
  it('runs a function with arguments and gives its return value', async () => {
    const thread = new threading.Thread({ target: targets.square, args: [7] });
    assert.equal(thread.ident, null);
    assert.equal(thread.nativeId, null);
    assert.equal(thread.exitCode, null);
    assert.equal(thread.isAlive(), false);
    await started(thread);
    assert.equal(typeof thread.ident, 'number');
    assert.ok(thread.nativeId! > 0);
    assert.equal(await within('the result', thread.result()), 49);
    assert.equal(await thread.join(), true);
    assert.equal(await thread.join(), true, 'as often as one likes');
    assert.equal(thread.exitCode, 0);
    assert.equal(thread.isAlive(), false);
  });

  it('copies arguments as they are at start(), and shares what is shared', async () => {
    const lock = new mp.Lock();
    const value = new mp.Value('i', 1);
    const list = [1];
    const thread = new threading.Thread({
      target: targets.echo,
      args: [list, { a: [lock] }, new Map([['v', value]])],
    });
    const start = thread.start();
    list.push(2);
    await start;
    const [copied, { a }, map] = (await within('the echo', thread.result())) as unknown as [
      number[],
      { a: [mp.Lock] },
      Map<string, mp.Value<'i'>>,
    ];
    assert.deepEqual(copied, [1]);
    lock.acquireSync();
    assert.equal(a[0].tryAcquire(), false);
    lock.release();
    map.get('v')!.value = 5;
    assert.equal(value.value, 5);
  });

  it('finds functions as processes do: members, built-ins, references, sources', async () => {
    assert.equal(await run(Math.sqrt, 16), 4);
    assert.equal(await run(targets.apply, targets.square, 3), 9);
    const source = new threading.Thread({ target: mp.functionSource(() => 5) });
    assert.equal(await (await started(source)).result(), 5);
    const named = new threading.Thread({
      target: mp.functionRef<typeof targets.square>(require.resolve('./targets'), 'square'),
      args: [4],
    });
    assert.match(named.name, /^Thread-\d+ \(square\)$/);
    assert.equal(await (await started(named)).result(), 16);
  });

  it('refuses closures at start(), saying what to do', async () => {
    const thread = new threading.Thread({ target: () => threadId });
    await assert.rejects(thread.start(), mp.NotImportableError);
    assert.throws(() => {
      thread.startSync();
    }, mp.NotImportableError);
    assert.equal(thread.isAlive(), false);
  });

  it('has a name by its number and its target, as CPython’s, and takes any other', async () => {
    const first = new threading.Thread({ target: targets.square, args: [1] });
    const second = new threading.Thread();
    const number = Number(/^Thread-(\d+) \(square\)$/.exec(first.name)?.[1]);
    assert.equal(second.name, `Thread-${String(number + 1)}`);
    assert.equal(new threading.Thread({ name: 'own' }).name, 'own');
    const thread = await running(targets.waitForEver, { name: 'before' });
    thread.name = 'after';
    assert.equal(thread.name, 'after');
    assert.throws(() => {
      thread.name = 5 as unknown as string;
    }, TypeError);
    thread.terminate();
    await within('the end', thread.join());
    assert.equal(thread.name, 'after');
  });

  it('a name that a thread gives itself is seen by others', async () => {
    const [semaphore, go] = [new mp.Semaphore(0), new mp.Event()];
    const thread = new threading.Thread({ target: targets.rename, args: [semaphore, go] });
    await started(thread);
    await within('the thread to run', semaphore.acquire());
    assert.equal(thread.name, 'renamed');
    go.set();
    await within('the end', thread.join());
  });

  it('runs run() of a subclass in the thread, with the fields that it was given', async () => {
    const counter = new targets.Counter('c', 3);
    await counter.start();
    assert.equal(await within('the result', counter.result()), 'c 3 counter c true false');
  });

  it('runs here when run() is called', () => {
    assert.equal(new threading.Thread({ target: targets.square, args: [5] }).run(), 25);
    assert.equal(new threading.Thread().run(), undefined);
  });

  it('tells the thread who it is', async () => {
    const thread = new threading.Thread({ target: targets.whoAmI, name: 'who' });
    await started(thread);
    const seen = await within('the result', thread.result());
    assert.deepEqual(seen, {
      name: 'who',
      ident: thread.ident,
      nativeId: thread.nativeId,
      daemon: false,
      alive: true,
      same: [thread.ident, thread.nativeId],
      workers: thread.ident! - 1,
      main: ['MainThread', 1],
      pid: process.pid,
      process: 'MainProcess',
      isMain: false,
      authkey: mp.currentProcess().authkey,
    });
    assert.notEqual(thread.nativeId, threading.getNativeId());
  });

  it('shares environment variables with the thread', async () => {
    await run(targets.setEnvironment, 'MP_THREAD_TEST', 'set there');
    assert.equal(process.env.MP_THREAD_TEST, 'set there');
    delete process.env.MP_THREAD_TEST;
  });

  it('starts once only', async () => {
    const thread = await started(new threading.Thread({ target: targets.square, args: [1] }));
    await assert.rejects(thread.start(), codeOf('ERR_MP_THREAD_STATE'));
    await within('the end', thread.join());
    assert.throws(() => {
      thread.startSync();
    }, codeOf('ERR_MP_THREAD_STATE'));
    await assert.rejects(threading.currentThread().start(), mp.ThreadStateError);
  });

  it('join(), result() and terminate() need a start', async () => {
    const thread = new threading.Thread({ target: targets.square, args: [1] });
    await assert.rejects(thread.join(), codeOf('ERR_MP_THREAD_STATE'));
    await assert.rejects(thread.result(), codeOf('ERR_MP_THREAD_STATE'));
    assert.throws(() => thread.joinSync(), codeOf('ERR_MP_THREAD_STATE'));
    assert.throws(() => {
      thread.terminate();
    }, codeOf('ERR_MP_THREAD_STATE'));
  });

  it('cannot join or terminate itself', async () => {
    assert.equal(await run(targets.joinsItself), 'ERR_MP_THREAD_STATE');
    assert.equal(await run(targets.selfTerminates), 'ERR_MP_THREAD_STATE');
    assert.throws(() => threading.currentThread().joinSync(), codeOf('ERR_MP_THREAD_STATE'));
  });

  it('join() returns false at its timeout, at once for 0 and less, and can be aborted', async () => {
    const thread = await running(targets.waitForEver);
    assert.equal(await thread.join({ timeout: 0 }), false);
    assert.equal(await thread.join({ timeout: -1 }), false);
    assert.equal(thread.joinSync({ timeout: 5 }), false);
    const { ms, result } = await timed(() => thread.join({ timeout: 30 }));
    assert.equal(result, false);
    assert.ok(ms >= 30, `after ${String(ms)} ms`);
    const reason = new Error('enough');
    const controller = new AbortController();
    const join = thread.join({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(join, reason);
    thread.terminate();
    assert.equal(await within('the end', thread.join()), true);
  });

  it('startSync() and joinSync() block, and give the result afterwards', async () => {
    const thread = new threading.Thread({ target: targets.square, args: [9] });
    thread.startSync();
    assert.equal(thread.isAlive(), true);
    assert.ok(thread.nativeId! > 0);
    assert.equal(thread.joinSync(), true);
    assert.equal(thread.isAlive(), false);
    assert.equal(thread.exitCode, 0);
    assert.equal(await thread.result(), 81);
  });

  it('joinSync() of a thread that is still starting waits for that too', async () => {
    const thread = new threading.Thread({ target: targets.square, args: [3] });
    const start = thread.start();
    assert.equal(thread.joinSync(), true);
    await start;
    assert.equal(await thread.result(), 9);
  });

  it('goes on after it has returned, as long as something is left to do', async () => {
    const done = new mp.Event();
    const thread = await started(
      new threading.Thread({ target: targets.leaveLater, args: [done] }),
    );
    assert.equal(await within('the result', thread.result()), 'returned');
    await within('the end', thread.join());
    assert.equal(done.isSet(), true);
  });

  it('daemon is inherited, and set before the start only', async () => {
    const thread = new threading.Thread({ target: targets.nested, args: [1] });
    assert.equal(thread.daemon, false);
    thread.daemon = true;
    await started(thread);
    assert.throws(() => {
      thread.daemon = false;
    }, codeOf('ERR_MP_THREAD_STATE'));
    assert.equal(await within('the result', thread.result()), true);
    assert.throws(() => {
      threading.currentThread().daemon = true;
    }, codeOf('ERR_MP_THREAD_STATE'));
  });

  it('threads start threads', async () => {
    assert.equal(await run(targets.nested, 3), false);
  });

  for (const method of mp.getAllStartMethods()) {
    it(`threads start processes, and processes threads: ${method}`, async () => {
      // A copy of the process would have the main thread's work, not the thread's.
      if (method !== 'fork') assert.equal(await run(targets.squareInProcess, method, 4), 16);
      const child = new (mp.getContext(method).Process)({
        target: targets.squareInThread,
        args: [5],
      });
      await child.start();
      assert.equal(await within('the result', child.result()), 25);
      await within('the end', child.join());
    }).timeout(20_000);
  }

  it('await using joins', async () => {
    const thread = new threading.Thread({ target: targets.square, args: [2] });
    {
      await using using = thread;
      await using.start();
    }
    assert.equal(thread.isAlive(), false);
    await new threading.Thread()[Symbol.asyncDispose]();
  });

  it('shows its state', async () => {
    const thread = await running(targets.waitForEver, { name: 'shown', daemon: true });
    assert.match(inspect(thread), /^Thread \{ name: 'shown', ident: \d+, started, daemon \}$/);
    thread.terminate();
    await within('the end', thread.join());
    assert.match(inspect(thread), /^Thread \{ name: 'shown', ident: \d+, stopped, daemon \}$/);
    assert.match(inspect(new threading.Thread()), /^Thread \{ name: 'Thread-\d+', initial \}$/);
    assert.match(inspect(threading.currentThread()), /name: 'MainThread', ident: 1, started/);
  });

  it('refuses options of the wrong type', () => {
    for (const options of [
      5,
      null,
      { target: 5 },
      { args: 5 },
      { name: 5 },
      { daemon: 1 },
      { resourceLimits: 5 },
      { kwargs: {} },
    ]) {
      assert.throws(() => new threading.Thread(options as never), TypeError, inspect(options));
    }
    const { Thread } = threading;
    class Forgetful extends Thread {
      constructor() {
        return Object.create(Forgetful.prototype) as Forgetful;
        super();
      }
    }
    assert.throws(() => new Forgetful().isAlive(), codeOf('ERR_MP_THREAD_STATE'));
  });

  it('a thread without a target does nothing', async () => {
    const thread = await started(new threading.Thread());
    assert.equal(await within('the result', thread.result()), undefined);
  });

  it('takes limits of memory; one that exceeds them ends alone', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };
    const thread = new threading.Thread({ target: targets.eatMemory, resourceLimits });
    await started(thread);
    await assert.rejects(within('the end', thread.result(), 30_000), (error: mp.ThreadError) => {
      assert.ok(error instanceof mp.ThreadError);
      assert.match(error.message, /ended before its target returned.*memory/);
      return true;
    });
    await within('the end', thread.join());
    assert.equal(thread.exitCode, 1);
  }).timeout(40_000);
});
