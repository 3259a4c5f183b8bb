// Messages on the stream of bytes: sizes in both forms, pieces of any length, ends in the middle.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { turns, within } from '../helpers/watchdog';
import { Peer } from './peer';

describe('the bytes of a connection', () => {
  let peer: Peer;
  beforeEach(() => {
    peer = new Peer();
  });
  afterEach(() => {
    peer.end();
    peer.connection.close();
  });

  it('an end within a message is told apart', async () => {
    peer.write(Buffer.from('00000005616263', 'hex'));
    const iterator = peer.connection[Symbol.asyncIterator]();
    const next = iterator.next();
    await turns();
    peer.end();
    await assert.rejects(within('the end', next), { code: 'ERR_MP_EOF', message: /in the middle/ });
  });

  it('reads the long form of sizes, and refuses what is no size', async () => {
    peer.write(Buffer.from('ffffffff0000000000000003616263', 'hex'));
    assert.equal((await within('it', peer.connection.recvBytes())).toString(), 'abc');
    peer.write(Buffer.from('fffffffe', 'hex'));
    const refused = { code: 'ERR_MP_MESSAGE_FORMAT' };
    await assert.rejects(within('it', peer.connection.recvBytes()), refused);
    await assert.rejects(peer.connection.recvBytes(), refused);
    peer.end();
  });

  it('puts a message together from single bytes', async () => {
    const pending = peer.connection.recvBytes();
    for (const byte of Buffer.from('ffffffff00000000000000036162630000000178', 'hex')) {
      peer.write(Buffer.from([byte]));
      await turns(2);
    }
    assert.equal((await within('one', pending)).toString(), 'abc');
    assert.equal((await within('two', peer.connection.recvBytes())).toString(), 'x');
    peer.end();
  });

  it('a receive that times out loses nothing of a message that has begun', async () => {
    const { connection } = peer;
    peer.write(Buffer.from('000000056162', 'hex'));
    const buffer = Buffer.alloc(5);
    await assert.rejects(connection.recvBytesInto(buffer, { timeout: 20 }), mp.TimeoutError);
    assert.throws(() => connection.recvBytesSync({ timeout: 5 }), mp.TimeoutError);
    const controller = new AbortController();
    const aborted = connection.recv({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(aborted, { message: 'enough' });
    buffer.fill(0);
    peer.write(Buffer.from('6364650000000131', 'hex'));
    assert.equal((await within('it', connection.recvBytes())).toString(), 'abcde');
    assert.deepEqual(buffer, Buffer.alloc(5), 'the buffer was given back');
    assert.equal((await within('it', connection.recvBytes())).toString(), '1');
    peer.end();
  });
});
