// Group D of CPython's behaviours: the API of processes, over threads.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import * as targets from './targets';

const { dummy } = mp;

describe('mp.dummy', () => {
  it('Process is a thread of this process, with an exit code', async () => {
    const child = new dummy.Process({ target: targets.whoAmI });
    assert.equal(child.exitCode, null);
    await child.start();
    assert.deepEqual(dummy.activeChildren(), [child]);
    const { pid, isMain } = await within('the result', child.result());
    assert.deepEqual([pid, isMain], [process.pid, false]);
    await within('the end', child.join());
    assert.equal(child.exitCode, 0);
    assert.deepEqual(dummy.activeChildren(), []);
    assert.equal('pid' in child, false);
  });

  it('has the objects of processes, which work between its threads', async () => {
    const objects = [
      new dummy.Lock(),
      new dummy.RLock(),
      new dummy.Semaphore(1),
      new dummy.BoundedSemaphore(1),
      new dummy.Condition(),
      new dummy.Event(),
      new dummy.Barrier(1),
      new dummy.Queue(),
      new dummy.JoinableQueue(),
      new dummy.SimpleQueue(),
      new dummy.Value('i', 5),
      new dummy.Array('i', [1, 2]),
    ];
    const child = new dummy.Process({ target: targets.echo, args: objects });
    await child.start();
    const back = await within('the result', child.result());
    for (const [i, object] of objects.entries()) {
      assert.equal((back[i] as object).constructor, object.constructor);
    }
    await within('the end', child.join());
  });

  it('Pipe connects two threads', async () => {
    const [here, there] = dummy.Pipe();
    const child = new dummy.Process({ target: targets.answer, args: [there] });
    await child.start();
    await here.send(20);
    assert.equal(await within('the answer', here.recv()), 21);
    await within('the end', child.join());
    here.close();
  });

  it('connection has Listener and Client, between two threads', async () => {
    const listener = await dummy.connection.Listener();
    const child = new dummy.Process({ target: targets.callAndAnswer, args: [listener.address] });
    await child.start();
    const here = await within('the client', listener.accept());
    await here.send(20);
    assert.equal(await within('the answer', here.recv()), 21);
    await within('the end', child.join());
    here.close();
    listener.close();
  });

  it('currentProcess() is the thread', () => {
    assert.equal(dummy.currentProcess(), mp.threading.currentThread());
    dummy.freezeSupport();
  });
});
