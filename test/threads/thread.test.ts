// Group T of CPython's behaviours: threads, from their start to their end.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import { codeOf } from '../process/running';
import { timed, within } from '../helpers/watchdog';
import * as targets from './targets';

const { threading } = mp;
type Thread<T> = mp.threading.Thread<T>;

const started = async <T>(thread: Thread<T>): Promise<Thread<T>> => {
  await within('the thread to start', thread.start());
  return thread;
};

/** Starts a thread and gives what its target returned. */
async function run<T, A extends readonly unknown[]>(
  target: (...args: A) => T | PromiseLike<T>,
  ...args: A
): Promise<T> {
  const thread = await started(new threading.Thread({ target, args }) as Thread<T>);
  return within('the result', thread.result());
}

/** A thread that says when it runs. */
async function running(
  target: (running: mp.Semaphore) => unknown,
  options: { daemon?: boolean; name?: string } = {},
): Promise<Thread<unknown>> {
  const semaphore = new mp.Semaphore(0);
  const thread = new threading.Thread({ target, args: [semaphore], ...options });
  await started(thread);
  await within('the thread to run', semaphore.acquire());
  return thread;
}

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
      assert.equal(await run(targets.squareInProcess, method, 4), 16);
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

describe('errors of a thread', () => {
  it('come back as their class, with message, cause and stack', async () => {
    await assert.rejects(run(targets.throws), (error: RangeError) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'too far');
      assert.ok(error.cause instanceof TypeError);
      assert.match(error.stack!, /targets/);
      return true;
    });
    await assert.rejects(run(targets.rejects), { name: 'TypeError', message: 'too late' });
  });

  it('of a class that is not known here are RemoteErrors with its name', async () => {
    await assert.rejects(run(targets.throwsUnknown), (error: mp.RemoteError & { detail: number }) => {
      assert.ok(error instanceof mp.RemoteError);
      assert.deepEqual([error.name, error.detail], ['UnknownHere', 7]);
      return true;
    });
  });

  it('that nobody catches there are told too', async () => {
    await assert.rejects(run(targets.throwsFromTimer), { message: 'from a timer' });
  });

  it('end their thread alone, with exit code 1', async () => {
    const other = await running(targets.waitForEver);
    const thread = await started(new threading.Thread({ target: targets.throws }));
    await within('the end', thread.join());
    assert.equal(thread.exitCode, 1);
    assert.equal(other.isAlive(), true);
    other.terminate();
    await within('the end', other.join());
  });

  it('a return value that cannot be sent rejects result() only', async () => {
    const thread = await started(new threading.Thread({ target: targets.returnsPromiseIn }));
    await assert.rejects(within('the result', thread.result()), mp.NotCloneableError);
    await within('the end', thread.join());
    assert.equal(thread.exitCode, 0);
  });

  it('go to the hook of the thread instead of stderr, where one is set', async () => {
    const said = new mp.Queue<string>();
    const thread = new threading.Thread({
      target: targets.setHookAndThrow,
      args: [said],
      name: 'hooking',
    });
    await started(thread);
    await assert.rejects(within('the result', thread.result()), { message: 'hooked' });
    assert.equal(await within('the hook', said.get()), 'hooking: RangeError: hooked');
  });
});

describe('the end of a thread', () => {
  for (const blocks of [false, true]) {
    const how = blocks ? 'blocks' : 'is idle';
    it(`terminate() ends one that ${how}; what it held is abandoned`, async () => {
      const [lock, semaphore] = [new mp.Lock(), new mp.Semaphore(0)];
      const thread = new threading.Thread({
        target: targets.hold,
        args: [lock, semaphore, blocks],
      });
      await started(thread);
      await within('the thread to run', semaphore.acquire());
      assert.equal(lock.tryAcquire(), false);
      const acquired = lock.acquire();
      thread.terminate();
      assert.equal(await within('the lock', acquired), true);
      assert.equal(lock.abandoned, true);
      lock.release();
      await within('the end', thread.join());
      assert.equal(thread.exitCode, 1);
      await assert.rejects(thread.result(), codeOf('ERR_MP_THREAD'));
      thread.terminate();
    });
  }

  it('terminate() ends one that blocks at a lock', async () => {
    const [lock, semaphore] = [new mp.Lock(), new mp.Semaphore(0)];
    lock.acquireSync();
    const thread = new threading.Thread({ target: targets.block, args: [lock, semaphore] });
    await started(thread);
    await within('the thread to run', semaphore.acquire());
    thread.terminate();
    assert.equal(await within('the end', thread.join()), true);
    lock.release();
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, false);
    lock.release();
  });

  it('one that is terminated while it starts has not run', async () => {
    const lock = new mp.Lock();
    const thread = new threading.Thread({ target: targets.block, args: [lock, new mp.Semaphore(0)] });
    const start = thread.start();
    thread.terminate();
    // It may have come to life already.
    await within('the start', start.catch(() => undefined));
    await within('the end', thread.join());
    await assert.rejects(thread.result(), codeOf('ERR_MP_THREAD'));
    assert.equal(thread.exitCode, 1);
  });

  it('process.exit() ends the thread alone, with its code', async () => {
    for (const code of [0, 3]) {
      const thread = await started(new threading.Thread({ target: targets.exit, args: [code] }));
      await within('the end', thread.join());
      assert.equal(thread.exitCode, code);
      await assert.rejects(thread.result(), (error: mp.ThreadError) => {
        assert.deepEqual([error.name, error.exitCode], ['ThreadError', code]);
        return true;
      });
    }
  });

  it('result() tells of a target that can never return', async () => {
    const thread = await started(new threading.Thread({ target: targets.neverSettles }));
    await assert.rejects(within('the end', thread.result()), /nothing on its event loop/);
    assert.equal(thread.exitCode, 0);
  });

  it('a thread that was never looked at leaves nothing', async () => {
    const lock = new mp.Lock();
    const thread = await started(new threading.Thread({ target: targets.echo, args: [lock] }));
    await within('the end', thread.join());
    assert.equal(lock.tryAcquire(), true);
    lock.release();
  });
});

describe('functions about threads', () => {
  it('the main thread is MainThread, number 1, with the process’s native number', () => {
    const current = threading.currentThread();
    assert.equal(current, threading.currentThread());
    assert.equal(current, threading.mainThread());
    assert.equal(current.name, 'MainThread');
    assert.equal(current.ident, 1);
    assert.equal(threading.getIdent(), 1);
    assert.equal(current.nativeId, process.pid);
    assert.equal(threading.getNativeId(), process.pid);
    assert.equal(current.daemon, false);
    assert.equal(current.isAlive(), true);
  });

  it('enumerate() and activeCount() know those that run, in every thread', async () => {
    assert.deepEqual(threading.enumerate(), [threading.currentThread()]);
    assert.equal(threading.activeCount(), 1);
    const [semaphore, go] = [new mp.Semaphore(0), new mp.Event()];
    const threads = ['one', 'two'].map(
      (name) => new threading.Thread({ target: targets.look, args: [semaphore, go], name }),
    );
    for (const thread of threads) await started(thread);
    for (let i = 0; i < 2; i++) await within('both to run', semaphore.acquire());
    assert.deepEqual(threading.enumerate(), [threading.currentThread(), ...threads]);
    assert.equal(threading.activeCount(), 3);
    const names = ['MainThread', 'one', 'two'];
    go.set();
    const seen = await within('the results', Promise.all(threads.map((thread) => thread.result())));
    assert.deepEqual(seen[0]!.names.slice(0, 2), names.slice(0, 2));
    for (const { main, count, names: found } of seen) {
      assert.equal(main, true);
      assert.equal(count, found.length);
    }
    for (const thread of threads) await within('the end', thread.join());
    assert.equal(threading.activeCount(), 1);
  });

  it('threads that ended by joinSync() are not listed', () => {
    const thread = new threading.Thread({ target: targets.square, args: [1] });
    thread.startSync();
    assert.ok(threading.activeCount() <= 2);
    thread.joinSync();
    assert.equal(threading.activeCount(), 1);
  });

  it('the main thread may be renamed', async () => {
    threading.currentThread().name = 'chief';
    assert.equal(threading.mainThread().name, 'chief');
    assert.deepEqual((await run(targets.whoAmI)).main, ['chief', 1]);
    threading.currentThread().name = 'MainThread';
  });
});

describe('Timer', () => {
  it('calls its function in a thread, after its time', async () => {
    const timer = new threading.Timer(40, targets.square, [6]);
    assert.match(timer.name, /^Thread-\d+$/);
    await timer.start();
    const { ms, result } = await timed(() => within('the call', timer.result()));
    assert.equal(result, 36);
    assert.ok(ms >= 20, `after ${String(ms)} ms`);
    assert.equal(timer.finished.isSet(), true);
    await within('the end', timer.join());
  });

  it('cancel() ends the wait: nothing is called', async () => {
    const timer = new threading.Timer(600_000, targets.throws);
    await timer.start();
    timer.cancel();
    assert.equal(await within('the result', timer.result()), undefined);
    await within('the end', timer.join());
    timer.cancel();
  });

  it('cancelled before its start it calls nothing', async () => {
    const timer = new threading.Timer(0, targets.throws, [], { daemon: true, name: 'idle' });
    assert.deepEqual([timer.name, timer.daemon], ['idle', true]);
    timer.cancel();
    await timer.start();
    assert.equal(await within('the result', timer.result()), undefined);
  });

  it('refuses what is no time, function or list', () => {
    const { Timer } = threading;
    assert.throws(() => new Timer('1' as never, targets.square), TypeError);
    assert.throws(() => new Timer(-1, targets.square), RangeError);
    assert.throws(() => new Timer(1, 5 as never), TypeError);
    assert.throws(() => new Timer(1, targets.square, 5 as never), TypeError);
  });
});

describe('local', () => {
  it('has the properties of each thread for itself, and is one object there', async () => {
    const local = new threading.local({ mine: 'the main thread’s' });
    const seen = await run(targets.useLocals, local, local);
    assert.deepEqual(seen, { isSame: true, before: [], after: 'the thread’s' });
    assert.equal(local.mine, 'the main thread’s');
  });

  it('comes back as itself', async () => {
    const local = new threading.local();
    const [back] = await run(targets.echo, local);
    assert.equal(back, local);
  });
});
