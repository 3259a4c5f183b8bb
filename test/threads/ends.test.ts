// Group T of CPython's behaviours: errors and ends of threads.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { codeOf } from '../process/running';
import { within } from '../helpers/watchdog';
import { run, running, started } from './starting';
import * as targets from './targets';

const { threading } = mp;

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
    await assert.rejects(
      run(targets.throwsUnknown),
      (error: mp.RemoteError & { detail: number }) => {
        assert.ok(error instanceof mp.RemoteError);
        assert.deepEqual([error.name, error.detail], ['UnknownHere', 7]);
        return true;
      },
    );
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
    const thread = new threading.Thread({
      target: targets.block,
      args: [lock, new mp.Semaphore(0)],
    });
    const start = thread.start();
    thread.terminate();
    // It may have come to life already.
    await within(
      'the start',
      start.catch(() => undefined),
    );
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
