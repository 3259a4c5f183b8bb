// What a pipe through shared memory has of its own; what all connections have is in
// connection.test.ts.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

const open: mp.Connection[] = [];
function pipeOf(options: mp.PipeOptions): [mp.Connection, mp.Connection] {
  const ends = mp.Pipe(options);
  open.push(...ends);
  return ends;
}

describe('a pipe through shared memory', () => {
  afterEach(() => {
    for (const each of open.splice(0)) each.close();
  });

  it('a send that is given up while it waits for room is not sent', async () => {
    const [a, b] = pipeOf({});
    const big = randomBytes(5_000_000);
    await a.sendBytes(big);
    await assert.rejects(a.sendBytes(big, { timeout: 10 }), mp.TimeoutError);
    assert.throws(() => {
      a.sendSync('never', { timeout: 0 });
    }, mp.TimeoutError);
    const last = a.send('last');
    assert.deepEqual(await b.recvBytes(), big);
    assert.equal(await within('it', b.recv()), 'last');
    await last;
    assert.equal(await b.poll(), false);
  });

  it('takes large messages of one size again and again (the memory of read ones is not theirs)', () => {
    const [a, b] = pipeOf({ duplex: false }).reverse() as [mp.Connection, mp.Connection];
    const large = randomBytes(20_000_000);
    for (let i = 0; i < 4; i++) {
      for (const bytes of [large, large.subarray(i), Buffer.from('small'), large.subarray(9)]) {
        a.sendBytesSync(bytes);
        assert.ok(bytes.equals(b.recvBytesSync()));
      }
    }
  });

  it('keeps what its messages refer to, and lets go of it with the pipe', async () => {
    const [a, b] = pipeOf({});
    const lock = new mp.Lock();
    lock.acquireSync();
    a.sendSync([lock]);
    const [got] = b.recvSync() as [mp.Lock];
    assert.equal(got.locked(), true);
    await assert.rejects(a.send([a]), mp.ClosedError);
    await a.send('still here');
    assert.equal(await b.recv(), 'still here');
  });

  it('has bytes for values, and no values for bytes', async () => {
    const [a, b] = pipeOf({});
    for (const value of [1, 'text', { a: 1 }, new Map([[1, 2]])]) {
      a.sendSync(value);
      await b.sendBytes(await b.recvBytes());
      assert.deepEqual(await a.recv(), value);
    }
  });

  it('shows a message in place: nobody gets another one, until it is released', async () => {
    const [a, b] = pipeOf({});
    const other = b.dup();
    open.push(other);
    for (const text of ['first', 'second', 'third']) a.sendBytesSync(Buffer.from(text));
    const view = b.recvViewSync();
    assert.equal(b.pollSync(), true, 'of what is behind it');
    assert.throws(() => b.recvBytesSync(), { code: 'ERR_MP_DEADLOCK' });
    assert.throws(() => other.recvViewSync(), { code: 'ERR_MP_DEADLOCK' });
    await assert.rejects(a.send([b]), { code: 'ERR_MP_BUSY' });
    const waiting = other.recvBytes();
    view.release();
    assert.equal((await within('who waited meanwhile', waiting)).toString(), 'second');
    const last = await b.recvView();
    assert.equal(b.pollSync(), false);
    last.bytes[0] = 'T'.charCodeAt(0);
    b.close();
    assert.equal(last.bytes.length, 0, 'the end of the connection is that of its view');
    assert.equal(other.recvBytesSync().toString(), 'Third', 'not taken, and never copied');
    last.release();
    assert.equal(other.pollSync(), false);
  });

  it('its descriptor is readable while something is left behind what was looked at', async () => {
    const [a, b] = pipeOf({});
    const [other] = pipeOf({});
    const ready = () => mp.connection.wait([b, other], { timeout: 0 });
    assert.deepEqual(await ready(), []);
    a.sendBytesSync(Buffer.from('first'));
    a.sendBytesSync(Buffer.from('second'));
    b.recvViewSync().release();
    assert.deepEqual(await ready(), [b]);
    b.recvViewSync().release();
    assert.deepEqual(await ready(), []);
  });

  it('refuses to lend its descriptor, and a way that is none', async () => {
    const [a, b] = pipeOf({});
    await assert.rejects(a.sendHandle(b), { name: 'TypeError', message: /via: 'socket'/ });
    const [reader, writer] = pipeOf({ duplex: false });
    assert.equal(typeof reader.fileno(), 'number');
    assert.throws(() => writer.fileno(), { code: 'ERR_MP_DIRECTION' });
    assert.throws(() => mp.Pipe({ via: 'pigeon' as never }), TypeError);
  });
});
