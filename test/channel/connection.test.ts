// Connections over sockets and over rings in shared memory: group C of the features.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import * as mp from 'node-multiprocessing';

import { timed, turns, within } from '../helpers/watchdog';
import * as targets from './targets';

/** Two ends, closed at the end of the test. */
const open: Disposable[] = [];
function pipeOf(options: mp.PipeOptions): [mp.Connection, mp.Connection] {
  const ends = mp.Pipe(options);
  open.push(...ends);
  return ends;
}
const closeAll = (): void => {
  for (const each of open.splice(0)) each[Symbol.dispose]();
};

for (const via of ['memory', 'socket'] as const) {
  const pipe = (options?: { duplex: boolean }) => pipeOf({ ...options, via });

  describe(`Connection through ${via === 'memory' ? 'shared memory' : 'a socket'}`, () => {
    afterEach(closeAll);

    it('carries values both ways', async () => {
      const [a, b] = pipe();
      const values = [1, 'text', null, undefined, 2n, [1, { x: new Map([[1, new Date(3)]]) }], ''];
      for (const value of values) {
        await a.send(value);
        assert.deepEqual(await within('a value', b.recv()), value);
        b.sendSync(value);
        assert.deepEqual(a.recvSync(), value);
      }
    });

    it('serialises at the call: later changes do not travel', async () => {
      const [a, b] = pipe();
      const value = { big: 'x'.repeat(1_000_000), count: 1 };
      const sent = a.send(value);
      value.count = 2;
      assert.equal(((await b.recv()) as typeof value).count, 1);
      await sent;
    });

    it('carries shared objects and functions in messages', async () => {
      const [a, b] = pipe();
      const lock = new mp.Lock();
      await a.send({ lock, root: Math.sqrt });
      const got = (await within('it', b.recv())) as { lock: mp.Lock; root: typeof Math.sqrt };
      lock.acquireSync();
      assert.equal(got.lock.tryAcquire(), false);
      lock.release();
      assert.equal(got.root, Math.sqrt);
    });

    it('refuses values that cannot be sent, and stays usable', async () => {
      const [a, b] = pipe();
      await assert.rejects(a.send({ p: Promise.resolve() }), mp.NotCloneableError);
      assert.throws(() => {
        a.sendSync(Promise.resolve());
      }, mp.NotCloneableError);
      await a.send(1);
      assert.equal(await b.recv(), 1);
    });

    it('keeps the borders of messages, empty ones too', async () => {
      const [a, b] = pipe();
      const messages = ['', 'hello', '', '', 'x'.repeat(200), 'end'].map((text) =>
        Buffer.from(text),
      );
      for (const message of messages) await a.sendBytes(message);
      for (const message of messages) assert.deepEqual(await b.recvBytes(), message);
      assert.equal(await b.poll(), false);
    });

    it('sendBytes() takes any buffer, and a part of it', async () => {
      const [a, b] = pipe();
      const bytes = Buffer.from('abcdefghijklmnopqrstuvwxyz');
      await a.sendBytes(bytes, 7);
      assert.equal((await b.recvBytes()).toString(), 'hijklmnopqrstuvwxyz');
      await a.sendBytes(bytes, 7, 3);
      assert.equal((await b.recvBytes()).toString(), 'hij');
      await a.sendBytes(bytes, { offset: 2, size: 2 });
      assert.equal((await b.recvBytes()).toString(), 'cd');
      await a.sendBytes(bytes, bytes.length);
      assert.equal((await b.recvBytes()).length, 0);
      a.sendBytesSync(new Uint16Array([1, 2]), 2, 0);
      assert.equal(b.recvBytesSync().length, 0);
      await a.sendBytes(new Float64Array([1.5]));
      assert.equal((await b.recvBytes()).readDoubleLE(), 1.5);
      await a.sendBytes(new Uint8Array([1, 2]).buffer);
      assert.deepEqual([...(await b.recvBytes())], [1, 2]);
    });

    it('sendBytes() refuses what is no part of the buffer', async () => {
      const [a] = pipe();
      const bytes = Buffer.alloc(26);
      for (const [offset, size] of [
        [-1],
        [27],
        [22, 5],
        [26, 1],
        [0, -1],
        [4, 27],
        [0.5],
      ] as const) {
        await assert.rejects(a.sendBytes(bytes, offset, size), RangeError);
        assert.throws(() => {
          a.sendBytesSync(bytes, offset, size);
        }, RangeError);
      }
      await assert.rejects(a.sendBytes('text' as never), TypeError);
      await assert.rejects(a.sendBytes(bytes, 'x' as never), TypeError);
    });

    it('recvView() shows the bytes of a message until it is released', async () => {
      const [a, b] = pipe();
      for (const text of ['one', '', 'three', 'x'.repeat(50_000)]) {
        await a.sendBytes(Buffer.from(text));
        const view = text === '' ? b.recvViewSync() : await within('a view', b.recvView());
        assert.equal(view.bytes.toString(), text);
        view.release();
        view.release();
        assert.equal(view.bytes.length, 0);
      }
      const awaited = b.recvView({ timeout: 10_000 });
      a.sendSync({ id: 1, name: 'a value' });
      const view = await within('a view', awaited);
      b.sendBytesSync(view.bytes);
      view[Symbol.dispose]();
      assert.deepEqual(await a.recv(), { id: 1, name: 'a value' });
      assert.throws(() => b.recvViewSync({ timeout: 0 }), mp.TimeoutError);
      await assert.rejects(b.recvView({ timeout: 1 }), mp.TimeoutError);
      await assert.rejects(b.recvView({ signal: AbortSignal.abort(new Error('over')) }), /over/);
      await assert.rejects(b.recvView(-1), RangeError);
    });

    it('recvView() refuses what is too long as recvBytes() does, and hears of the end', async () => {
      const [a, b] = pipe();
      await a.sendBytes(Buffer.alloc(8));
      await assert.rejects(b.recvView(7), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
      assert.equal(b.readable, false);
      assert.throws(() => b.recvViewSync(), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
      const [reader, writer] = pipe({ duplex: false });
      assert.throws(() => writer.recvViewSync(), { code: 'ERR_MP_DIRECTION' });
      await writer.sendBytes(Buffer.from('last'));
      writer.close();
      assert.equal(reader.recvViewSync(4).bytes.toString(), 'last');
      const [one, other] = pipe();
      one.close();
      await assert.rejects(other.recvView(), mp.EOFError);
    });

    it('recvBytes(maxLength) refuses a longer message, and then only sends', async () => {
      const [a, b] = pipe();
      await a.sendBytes(Buffer.alloc(8));
      await a.sendBytes(Buffer.alloc(9));
      assert.equal((await b.recvBytes(8)).length, 8);
      await assert.rejects(b.recvBytes({ maxLength: 8 }), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
      assert.equal(b.readable, false);
      assert.equal(b.writable, true);
      await assert.rejects(b.recvBytes(), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
      await b.sendBytes(Buffer.from('still'));
      assert.equal((await a.recvBytes()).toString(), 'still');
      const [reader, writer] = pipe({ duplex: false });
      await writer.sendBytes(Buffer.alloc(9));
      assert.throws(() => reader.recvBytesSync(8), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
      assert.equal(reader.closed, true);
      await assert.rejects(b.recvBytes(-1), RangeError);
    });

    it('recvBytesInto() receives into a buffer, and gives the message when it is too short', async () => {
      const [a, b] = pipe();
      const buffer = new Int32Array(10);
      await a.sendBytes(new Int32Array([1, 2, 3]));
      assert.equal(await b.recvBytesInto(buffer), 12);
      await a.sendBytes(new Int32Array([4, 5]));
      assert.equal(b.recvBytesIntoSync(buffer, 12), 8);
      assert.deepEqual([...buffer], [1, 2, 3, 4, 5, 0, 0, 0, 0, 0]);
      const long = randomBytes(41);
      for (const receive of [
        () => b.recvBytesInto(buffer),
        // eslint-disable-next-line @typescript-eslint/require-await -- the same checks for both forms
        async () => b.recvBytesIntoSync(buffer),
        () => b.recvBytesInto(buffer, { offset: 40 }),
      ]) {
        await a.sendBytes(long);
        await assert.rejects(receive, (error: mp.BufferTooShortError) => {
          assert.ok(error instanceof mp.BufferTooShortError);
          assert.deepEqual(error.bytes, long);
          return true;
        });
      }
      await assert.rejects(b.recvBytesInto(buffer, 41), RangeError);
      await assert.rejects(b.recvBytesInto(buffer, -1), RangeError);
      await assert.rejects(b.recvBytesInto('x' as never), TypeError);
      await a.sendBytes(Buffer.from('next'));
      assert.equal((await b.recvBytes()).toString(), 'next');
    });

    it('poll() looks, waits, and takes nothing', async () => {
      const [a, b] = pipe();
      assert.equal(await b.poll(), false);
      assert.equal(b.pollSync(), false);
      const { ms, result } = await timed(() => b.poll({ timeout: 30 }));
      assert.ok(!result && ms >= 29);
      assert.equal(b.pollSync({ timeout: -1 }), false);
      const waits = b.poll({ timeout: null });
      await a.sendBytes(Buffer.alloc(0));
      assert.equal(await within('the poll', waits), true);
      for (let i = 0; i < 3; i++) assert.equal(await b.poll(), true);
      assert.equal(b.pollSync({ timeout: Infinity }), true);
      assert.equal((await b.recvBytes()).length, 0);
      assert.equal(await b.poll(), false);
      await assert.rejects(b.poll(5 as never), TypeError);
      a.close();
      assert.equal(await b.poll(), true, 'the end counts');
    });

    it('a one-way pipe has a reader and a writer', async () => {
      const [reader, writer] = pipe({ duplex: false });
      assert.deepEqual([reader.readable, reader.writable], [true, false]);
      assert.deepEqual([writer.readable, writer.writable], [false, true]);
      await writer.send(1);
      assert.equal(await reader.recv(), 1);
      await assert.rejects(reader.send(1), { code: 'ERR_MP_DIRECTION', message: /read-only/ });
      await assert.rejects(writer.recv(), { code: 'ERR_MP_DIRECTION', message: /write-only/ });
      assert.throws(() => writer.pollSync(), { code: 'ERR_MP_DIRECTION' });
      assert.throws(() => mp.Pipe(false as never), TypeError);
    });

    it('the end of the other side is an EOFError, after what it sent', async () => {
      const [a, b] = pipe();
      await a.send('last');
      a.close();
      assert.equal(await b.recv(), 'last');
      await assert.rejects(b.recv(), mp.EOFError);
      assert.throws(() => b.recvBytesSync(), mp.EOFError);
      await assert.rejects(b.send(1), mp.EOFError);
      assert.throws(() => {
        b.sendBytesSync(Buffer.alloc(1));
      }, mp.EOFError);
    });

    it('a pending receive hears of the end', async () => {
      const [a, b] = pipe();
      const pending = b.recv();
      await turns();
      a.close();
      await assert.rejects(within('the end', pending), mp.EOFError);
    });

    it('the death of the other process is an EOFError', async () => {
      for (const blocks of [false, true]) {
        const [a, b] = pipe();
        const child = new mp.Process({ target: targets.hold, args: [a] });
        await child.start();
        assert.equal(await within('the child', b.recv()), 'holding');
        assert.equal(await b.poll(), false);
        if (blocks) {
          await b.send('end yourself');
          assert.throws(() => b.recvSync({ timeout: 10_000 }), mp.EOFError);
        } else {
          const pending = b.recv();
          await turns();
          child.kill();
          await assert.rejects(within('the end', pending), mp.EOFError);
        }
        await within('the end', child.join());
        await assert.rejects(b.send(1), mp.EOFError);
      }
    });

    it('serves receives in the order of the calls', async () => {
      const [a, b] = pipe();
      const pending = Promise.all([b.recv(), b.recv(), b.recv()]);
      for (const value of [1, 2, 3]) await a.send(value);
      assert.deepEqual(await within('all', pending), [1, 2, 3]);
    });

    it('send() resolves when the system has taken the message: back-pressure', async () => {
      const [a, b] = pipe();
      const big = randomBytes(4_000_000);
      if (via === 'memory') await a.sendBytes(big); // one of any size is taken at once
      let taken = false;
      const sent = a.sendBytes(big).then(() => (taken = true));
      const after = a.send('after');
      await turns();
      assert.equal(taken, false);
      assert.throws(() => {
        a.sendBytesSync(big, { timeout: 5 });
      }, mp.TimeoutError);
      for (let i = via === 'memory' ? 2 : 1; i > 0; i--) {
        assert.deepEqual(await within('it', b.recvBytes()), big);
      }
      await within('the send', sent);
      await within('the other', after);
      assert.equal(await b.recv(), 'after');
    });

    it('an aborted wait rejects with the reason of the signal', async () => {
      const [, b] = pipe();
      const reason = new Error('stop');
      await assert.rejects(b.recv({ signal: AbortSignal.abort(reason) }), reason);
      const controller = new AbortController();
      const pending = b.recvBytes({ signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(within('the abort', pending), reason);
    });

    it('close() rejects what waits, and can be repeated', async () => {
      const [a, b] = pipe();
      const pending = b.recv();
      if (via === 'memory') await a.sendBytes(Buffer.alloc(4_000_000));
      const big = a.sendBytes(Buffer.alloc(4_000_000));
      b.close();
      b.close();
      await assert.rejects(within('the receive', pending), mp.ClosedError);
      await assert.rejects(within('the send', big), mp.EOFError);
      assert.equal(b.closed, true);
      await assert.rejects(b.send(1), mp.ClosedError);
      assert.throws(() => b.fileno(), mp.ClosedError);
      assert.throws(() => b.pollSync(), mp.ClosedError);
    });

    it('is iterated until the other side is gone', async () => {
      const [a, b] = pipe();
      for (const value of [1, 2, 3]) await a.send(value);
      a.close();
      const got: unknown[] = [];
      for await (const value of b) got.push(value);
      assert.deepEqual(got, [1, 2, 3]);
    });

    it('dup() is another end of the same connection', async () => {
      const [a, b] = pipe();
      const copy = b.dup();
      open.push(copy);
      assert.notEqual(copy.fileno(), b.fileno());
      await a.send(1);
      await a.send(2);
      assert.equal(await b.recv(), 1);
      assert.equal(await copy.recv(), 2);
      b.close();
      await a.send(3);
      assert.equal(await copy.recv(), 3);
      copy.close();
      await assert.rejects(a.recv(), mp.EOFError);
    });

    it('poll() takes no part of a message that another end reads', async () => {
      const [a, b] = pipe();
      const other = b.dup();
      open.push(other);
      await a.sendBytes(Buffer.from('first'));
      await a.sendBytes(Buffer.from('second'));
      assert.equal(await b.poll(), true);
      assert.equal((await other.recvBytes()).toString(), 'first');
      assert.equal(await b.poll(), true);
      assert.equal((await b.recvBytes()).toString(), 'second');
    });

    it('100 MB and thousands of small messages arrive as they were sent', async () => {
      const [a, b] = pipe();
      const big = randomBytes(1_000_000);
      const huge = Buffer.alloc(100_000_000);
      for (let at = 0; at < huge.length; at += big.length) huge.set(big, at);
      const sent = a.sendBytes(huge);
      assert.ok(huge.equals(await within('the huge one', b.recvBytes())));
      await sent;
      const writes = (async () => {
        for (let i = 0; i < 20_000; i++) await a.sendBytes(Buffer.from(String(i)));
      })();
      for (let i = 0; i < 20_000; i++) assert.equal((await b.recvBytes()).toString(), String(i));
      await writes;
    });

    it('a message that is not of this package is refused by recv(), and is taken', async () => {
      const [a, b] = pipe();
      await a.sendBytes(Buffer.from('80049503', 'hex'));
      await assert.rejects(b.recv(), { code: 'ERR_MP_FOREIGN_MESSAGE', message: /pickle/ });
      await a.sendBytes(Buffer.from('hello'));
      assert.throws(() => b.recvSync(), { code: 'ERR_MP_FOREIGN_MESSAGE' });
      await a.send('fine');
      assert.equal(await b.recv(), 'fine');
    });
  });
}
