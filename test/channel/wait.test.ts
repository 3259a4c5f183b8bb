// connection.wait(): whichever is ready first.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, Socket } from 'node:net';

import * as mp from 'node-multiprocessing';

import { timed, turns, within } from '../helpers/watchdog';
import { Peer } from './peer';

const { wait, waitSync } = mp.connection;

for (const via of ['memory', 'socket'] as const) {
  describe(`connection.wait for pipes through ${via === 'memory' ? 'shared memory' : 'sockets'}`, () => {
    const open: mp.Connection[] = [];
    const pipe = (): [mp.Connection, mp.Connection] => {
      const ends = mp.Pipe({ via });
      open.push(...ends);
      return ends;
    };
    afterEach(() => {
      for (const connection of open.splice(0)) connection.close();
    });

    it('gives all that are ready, in the order given', async () => {
      const pipes = [pipe(), pipe(), pipe()];
      const readers = pipes.map(([, reader]) => reader);
      assert.deepEqual(await wait(readers, { timeout: 0 }), []);
      await pipes[2]?.[0].send(1);
      await pipes[0]?.[0].send(1);
      assert.deepEqual(await wait(readers), [readers[0], readers[2]]);
      assert.deepEqual(waitSync(readers), [readers[0], readers[2]]);
      assert.deepEqual(await wait(new Set(readers), { timeout: 5 }), [readers[0], readers[2]]);
    });

    it('waits until one is ready, without blocking the loop', async () => {
      const [a, b] = pipe();
      const [, other] = pipe();
      const pending = wait([other, b]);
      await turns();
      await a.send('x');
      assert.deepEqual(await within('it', pending), [b]);
      assert.equal(await b.recv(), 'x');
    });

    it('gives none when the time is over; a negative time only looks', async () => {
      const [, b] = pipe();
      const { ms, result } = await timed(() => wait([b], { timeout: 50 }));
      assert.deepEqual(result, []);
      assert.ok(ms >= 49);
      assert.deepEqual(waitSync([b], { timeout: 20 }), []);
      const quick = await timed(() => wait([b], { timeout: -100 }));
      assert.deepEqual(quick.result, []);
      assert.ok(quick.ms < 40);
      assert.deepEqual(await wait([], { timeout: 5 }), []);
    });

    it('an end counts as ready', async () => {
      const [a, b] = pipe();
      const pending = wait([b]);
      a.close();
      assert.deepEqual(await within('the end', pending), [b]);
    });

    it('is ended by a signal', async () => {
      const [, b] = pipe();
      const reason = new Error('stop');
      const controller = new AbortController();
      const pending = wait([b], { signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(within('the abort', pending), reason);
    });

    it('takes descriptors, and what has a fileno(), beside connections', async () => {
      const [, b] = pipe();
      const [writer, reader] = pipe();
      const other = { fileno: () => reader.fileno() };
      const pending = wait([b, other, b.fileno()]);
      await turns();
      await writer.send(1);
      assert.deepEqual(await within('it', pending), [other]);
    });

    it('takes the sentinel of a process', async () => {
      const child = new mp.Process({ target: Math.sqrt, args: [4] });
      await child.start();
      const [, b] = pipe();
      assert.deepEqual(await within('the end', wait([b, child.sentinel])), [child.sentinel]);
      await child.join();
    });

    it('takes sockets of node:net, also when Node has read from them already', async () => {
      const server = createServer((socket) => socket.write('hello'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const socket = new Socket();
      socket.pause();
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      assert.deepEqual(await within('the socket', wait([socket])), [socket]);
      await within('Node to read', once(socket, 'readable'));
      assert.deepEqual(await within('the socket', wait([socket])), [socket]);
      assert.equal(String(socket.read()), 'hello');
      assert.deepEqual(await wait([socket], { timeout: 10 }), []);
      socket.destroy();
      server.close();
    });

    it('a connection with a part of a message is ready', async () => {
      const peer = new Peer();
      open.push(peer.connection);
      peer.write(Buffer.from('0000000561', 'hex'));
      await assert.rejects(peer.connection.recvBytes({ timeout: 20 }), mp.TimeoutError);
      assert.deepEqual(await wait([peer.connection], { timeout: 0 }), [peer.connection]);
      peer.end();
    });

    it('refuses closed connections and what has no descriptor', async () => {
      const [a, b] = pipe();
      a.close();
      await assert.rejects(wait([a]), mp.ClosedError);
      await assert.rejects(wait([{}]), TypeError);
      await assert.rejects(wait(['x' as never]), TypeError);
      await assert.rejects(wait(b as never), TypeError);
      await assert.rejects(wait([-1]), TypeError);
      assert.throws(() => waitSync([1_000_000]), { code: 'ERR_MP_SYSTEM_CALL' });
      await assert.rejects(wait([b], 5 as never), TypeError);
    });

    it('a file is always ready', async () => {
      const file = openSync('/proc/self/stat', 'r');
      assert.deepEqual(await wait([file]), [file]);
      closeSync(file);
    });
  });
}
