// Group T of CPython's behaviours: the functions about threads, Timer and local.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { timed, within } from '../helpers/watchdog';
import { run, started } from './starting';
import * as targets from './targets';

const { threading } = mp;

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
    assert.throws(() => new Timer(1, 5), TypeError);
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
