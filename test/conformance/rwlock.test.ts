// RWLock: in one thread, and between processes and threads.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { nounOf, Party, partyKinds, useParty } from '../helpers/party.js';
import { RWCell, type SideCall } from '../helpers/rwlock-roles.js';
import { makeCells } from '../helpers/shared-words.js';
import { timed, turns, until, within } from '../helpers/watchdog.js';

const call = (party: Party, lock: mp.RWLock, what: SideCall) =>
  within(`${what.side}.${what.method} there`, party.play('rwlock', [lock], what));

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => (settled = true);
  void promise.then(settle, settle);
  await turns();
  return settled;
}

describe('RWLock in one thread', () => {
  it('the reader may be held many times, the writer excludes all', async () => {
    const { reader, writer } = new mp.RWLock();
    assert.equal(reader.acquireSync(), true);
    assert.equal(reader.tryAcquire(), true);
    assert.equal(await reader.acquire(), true);
    assert.equal(writer.tryAcquire(), false);
    assert.equal(writer.acquireSync({ timeout: 5 }), false);
    assert.equal(await writer.acquire({ timeout: 5 }), false);
    assert.equal(reader.locked(), true);
    assert.equal(writer.locked(), false);
    for (let i = 0; i < 3; i++) reader.release();
    assert.equal(reader.locked(), false);
    assert.equal(writer.acquireSync(), true);
    assert.equal(writer.locked(), true);
    assert.equal(writer.tryAcquire(), false);
    assert.equal(reader.tryAcquire(), false);
    assert.equal(reader.acquireSync({ timeout: 5 }), false);
    assert.equal(await reader.acquire({ timeout: 5 }), false);
    writer.release();
    assert.equal(await reader.acquire({ timeout: 0 }), true);
    reader.release();
    assert.equal(await writer.acquire({ timeout: 0 }), true);
    writer.release();
  });

  it('release() by who does not hold that side throws NotOwnerError', () => {
    const { reader, writer } = new mp.RWLock();
    const owner = { name: 'NotOwnerError' };
    assert.throws(() => {
      reader.release();
    }, owner);
    assert.throws(() => {
      writer.release();
    }, owner);
    reader.acquireSync();
    assert.throws(() => {
      writer.release();
    }, owner);
    reader.release();
    assert.throws(() => {
      reader.release();
    }, owner);
    writer.acquireSync();
    assert.throws(() => {
      reader.release();
    }, owner);
    writer.release();
    assert.throws(() => {
      writer.release();
    }, owner);
    assert.equal(writer.tryAcquire(), true);
    writer.release();
  });

  it('acquireSync() throws ERR_MP_DEADLOCK where this thread is in its own way', () => {
    const { reader, writer } = new mp.RWLock();
    const deadlock = { code: 'ERR_MP_DEADLOCK' };
    reader.acquireSync();
    assert.throws(() => writer.acquireSync(), deadlock);
    assert.equal(reader.tryAcquire(), true, 'nothing is kept of the refused one');
    reader.release();
    reader.release();
    writer.acquireSync();
    assert.throws(() => reader.acquireSync(), deadlock);
    assert.throws(() => writer.acquireSync(), deadlock);
    writer.release();
  });

  it('awaited sides wait for each other in this thread too', async () => {
    const { reader, writer } = new mp.RWLock();
    await reader.acquire();
    const write = writer.acquire();
    assert.equal(await isSettled(write), false);
    const read = reader.acquire();
    assert.equal(await isSettled(read), false, 'a writer that waits keeps readers out');
    assert.equal(reader.tryAcquire(), true, 'but not who reads already');
    reader.release();
    reader.release();
    assert.equal(await within('the writer', write), true);
    assert.equal(await isSettled(read), false);
    writer.release();
    assert.equal(await within('the reader', read), true);
    reader.release();
    const many = Array.from({ length: 20 }, (_, i) =>
      (i % 3 === 0 ? writer : reader).runExclusive(() => turns(1)),
    );
    await within('all', Promise.all(many));
    assert.equal(reader.locked() || writer.locked(), false);
  });

  it('an aborted or timed out writer lets the readers in that waited behind it', async () => {
    const { reader, writer } = new mp.RWLock();
    for (const end of ['abort', 'timeout'] as const) {
      await reader.acquire();
      const controller = new AbortController();
      const write = writer.acquire(
        end === 'abort' ? { signal: controller.signal } : { timeout: 30 },
      );
      const read = reader.acquire();
      await turns();
      const reason = new Error('enough');
      if (end === 'abort') {
        controller.abort(reason);
        await assert.rejects(write, (error) => error === reason);
      } else assert.equal(await write, false);
      assert.equal(await within('the reader', read), true);
      reader.release();
      reader.release();
    }
    assert.equal(writer.tryAcquire(), true);
    writer.release();
  });

  it('guards and runExclusive hold one side, and name it when time is over', async () => {
    const lock = new mp.RWLock();
    {
      using one = lock.reader.guardSync();
      await using two = await lock.reader.guard();
      assert.equal(one.abandoned || two.abandoned, false);
      assert.throws(() => lock.writer.guardSync({ timeout: 1 }), {
        name: 'TimeoutError',
        message: /writer of an RWLock/,
      });
    }
    assert.equal(
      lock.writer.runExclusiveSync(() => inspect(lock)),
      'RWLock { readers: 0, writer: true }',
    );
    assert.equal(await lock.reader.runExclusive(() => 'read'), 'read');
    assert.match(inspect(lock.reader), /locked: false/);
  });

  it('refuses readers that are no number of threads', () => {
    for (const readers of [0, 4096, -1]) {
      assert.throws(() => new mp.RWLock({ readers }), { name: 'RangeError' });
    }
    assert.throws(() => new mp.RWLock({ readers: 1.5 }), { name: 'TypeError' });
    assert.throws(() => new mp.RWLock(3 as never), { name: 'TypeError' });
  });
});

for (const kind of partyKinds) {
  describe(`RWLock between two ${nounOf(kind)}`, () => {
    const party = useParty(kind);

    it('both may read at once, neither writes meanwhile', async () => {
      const lock = new mp.RWLock();
      const other = await party();
      await call(other, lock, { side: 'reader', method: 'acquireSync' });
      assert.equal(lock.reader.acquireSync(), true);
      assert.equal(lock.writer.tryAcquire(), false);
      assert.equal(lock.writer.acquireSync({ timeout: 20 }), false);
      lock.reader.release();
      await call(other, lock, { side: 'reader', method: 'release' });
      assert.equal(lock.writer.tryAcquire(), true);
      assert.equal(await call(other, lock, { side: 'reader', method: 'tryAcquire' }), false);
      lock.writer.release();
    });

    for (const method of ['acquire', 'acquireSync'] as const) {
      // Regression: with a timeout the fast path did not know of this thread's reading, and let pass.
      const options = method === 'acquire' ? undefined : { timeout: 1000 };
      it(`writer.${method}() there goes on when the last reader here has gone`, async () => {
        const lock = new mp.RWLock();
        const other = await party();
        lock.reader.acquireSync(options);
        lock.reader.acquireSync(options);
        const write = call(other, lock, { side: 'writer', method });
        await until('a writer that waits', () => lock.writer.locked());
        assert.equal(await isSettled(write), false);
        assert.equal(await lock.reader.acquire({ timeout: 20 }), false, 'it goes first');
        lock.reader.release();
        lock.reader.release();
        assert.equal(await write, true);
        await call(other, lock, { side: 'writer', method: 'release' });
        assert.equal(lock.reader.tryAcquire(), true);
        lock.reader.release();
      });

      it(`reader.${method}() there goes on when the writer here has gone`, async () => {
        const lock = new mp.RWLock();
        const other = await party();
        lock.writer.acquireSync();
        const read = call(other, lock, { side: 'reader', method });
        assert.equal(await isSettled(read), false);
        lock.writer.release();
        assert.equal(await read, true);
        assert.equal(lock.writer.tryAcquire(), false);
        await call(other, lock, { side: 'reader', method: 'release' });
      });

      it(`a reader that was killed after ${method}() lets a writer in`, async () => {
        const lock = new mp.RWLock();
        const victim = await Party.start(kind);
        await call(victim, lock, { side: 'reader', method });
        const write = lock.writer.acquire();
        await until('a writer that waits', () => lock.writer.locked());
        await victim.kill();
        assert.equal(await within('the writer', write), true);
        assert.equal(lock.abandoned, false, 'readers change nothing');
        lock.writer.release();
      });

      it(`a writer that was killed after ${method}() leaves it abandoned`, async () => {
        const lock = new mp.RWLock();
        const victim = await Party.start(kind);
        await call(victim, lock, { side: 'writer', method });
        const read = lock.reader.acquire();
        await turns();
        await victim.kill();
        assert.equal(await within('the reader', read), true);
        assert.equal(lock.abandoned, true);
        lock.reader.release();
        assert.equal(lock.reader.acquireSync(), true);
        assert.equal(lock.abandoned, true, 'until a writer has been inside');
        lock.reader.release();
        assert.throws(() => lock.writer.guardSync({ onAbandoned: 'throw' }), mp.OwnerDiedError);
        assert.equal(lock.abandoned, false);
        lock.writer.acquireSync();
        assert.equal(lock.abandoned, false);
        lock.writer.release();
      });

      it(`a writer that was killed while it waits (${method}) lets readers in`, async () => {
        const lock = new mp.RWLock();
        lock.reader.acquireSync();
        const victim = await Party.start(kind);
        victim.play('rwlock', [lock], { side: 'writer', method }).catch(() => undefined);
        await until('a writer that waits', () => lock.writer.locked());
        await victim.kill();
        assert.equal(await within('the reader', lock.reader.acquire()), true);
        lock.reader.release();
        lock.reader.release();
        assert.equal(lock.writer.acquireSync(), true);
        lock.writer.release();
      });
    }

    it('more threads than it was made for cannot read', async () => {
      const lock = new mp.RWLock({ readers: 1 });
      const other = await party();
      lock.reader.acquireSync();
      await assert.rejects(call(other, lock, { side: 'reader', method: 'acquire' }), {
        code: 'ERR_MP_TOO_MANY_READERS',
      });
      await assert.rejects(call(other, lock, { side: 'reader', method: 'tryAcquire' }), {
        code: 'ERR_MP_TOO_MANY_READERS',
      });
      lock.reader.release();
    });

    it('a reader gets in although the other hammers the writer', async () => {
      const lock = new mp.RWLock();
      const other = await party();
      const { handle } = makeCells(5);
      const settings = { handle, times: 20_000, awaiting: false };
      const hammered = other.play('readAndWrite', [lock], settings);
      for (let i = 0; i < 20; i++) {
        const { ms } = await timed(() => lock.reader.runExclusive(() => undefined));
        assert.ok(ms < 2000, `${ms} ms`);
      }
      await within('the other party', hammered, 30_000);
    });

    for (const awaiting of [false, true]) {
      it(`readers see no half change (${awaiting ? 'awaiting' : 'blocking'})`, async () => {
        const lock = new mp.RWLock();
        const other = await party();
        const { cells, handle } = makeCells(5);
        const times = 1500;
        const there = other.play('readAndWrite', [lock], { handle, times, awaiting });
        const { readAndWrite } = await import('../helpers/rwlock-roles.js');
        await readAndWrite([lock], { handle, times, awaiting: true });
        await within('the other party', there, 30_000);
        assert.equal(cells[RWCell.violations], 0);
        assert.equal(cells[RWCell.one], times / 2);
        assert.equal(cells[RWCell.two], times / 2);
      });
    }
  });
}
