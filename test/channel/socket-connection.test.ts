// What a connection over a socket has of its own; what all connections have is in
// connection.test.ts.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

import * as mp from 'node-multiprocessing';

import { timed, within } from '../helpers/watchdog';
import { Peer } from './peer';

const { Connection } = mp.connection;
const open: mp.Connection[] = [];
function pipeOf(options: mp.PipeOptions): [mp.Connection, mp.Connection] {
  const ends = mp.Pipe(options);
  open.push(...ends);
  return ends;
}

describe('Connection through a socket, and its descriptor', () => {
  afterEach(() => {
    for (const each of open.splice(0)) each.close();
  });

  it('a send that is given up while it is under way goes out whole, one that is not goes not', async () => {
    const [a, b] = pipeOf({ via: 'socket' });
    const big = randomBytes(4_000_000);
    await assert.rejects(a.sendBytes(big, { timeout: 10 }), mp.TimeoutError);
    await assert.rejects(a.sendBytes(Buffer.from('never'), { timeout: 10 }), mp.TimeoutError);
    const last = a.sendBytes(Buffer.from('last'));
    assert.deepEqual(await within('it', b.recvBytes()), big);
    assert.equal((await within('it', b.recvBytes())).toString(), 'last');
    await last;
  });

  it('blocks the thread in the Sync forms, and hears of the end', async () => {
    const peer = await Peer.inThread('echo');
    open.push(peer.connection);
    const { connection } = peer;
    const over = once(peer.worker, 'exit');
    connection.sendBytesSync(randomBytes(3_000_000));
    assert.equal(connection.recvBytesSync().length, 3_000_000);
    for (let i = 0; i < 2_000; i++) {
      connection.sendBytesSync(Buffer.from(String(i)));
      assert.equal(connection.recvBytesSync().toString(), String(i));
    }
    const { ms } = await timed(() => {
      assert.throws(() => connection.recvBytesSync({ timeout: 50 }), mp.TimeoutError);
    });
    assert.ok(ms >= 49);
    connection.sendBytesSync(Buffer.from('end'));
    assert.throws(() => connection.recvBytesSync(), mp.EOFError);
    await within('its end', over);
  });

  it('a thread that blocks can be ended', async () => {
    const peer = await Peer.inThread('block');
    open.push(peer.connection);
    await within('its end', peer.worker.terminate());
  });

  it('refuses what is no descriptor of a socket', () => {
    assert.throws(() => new Connection(-1), RangeError);
    assert.throws(() => new Connection('1' as never), TypeError);
    assert.throws(() => new Connection(1_000_000), { code: 'ERR_MP_SYSTEM_CALL' });
    const file = openSync('/dev/null', 'r');
    assert.throws(() => new Connection(file), TypeError);
    closeSync(file);
    assert.throws(() => new Connection(1, { readable: false, writable: false }), TypeError);
  });
});
