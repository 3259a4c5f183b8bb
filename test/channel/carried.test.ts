// Connections, sockets and servers inside messages and arguments.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { discard, encode } from '#internal/codec/codec';
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';
import * as targets from './targets';

const { Client, Listener } = mp.connection;

async function started<A extends readonly unknown[]>(
  target: (...args: A) => unknown,
  ...args: A
): Promise<mp.Process> {
  const process = new mp.Process({ target: target as never, args: args as never });
  await process.start();
  return process;
}

async function ended(process: mp.Process): Promise<void> {
  await within('the process to end', process.join());
  assert.equal(process.exitCode, 0);
}

for (const via of ['memory', 'socket'] as const) {
  describe(`connections in messages through ${via === 'memory' ? 'shared memory' : 'a socket'}`, () => {
    it('a Connection is an argument of a process, and moves there', async () => {
      const [here, there] = mp.Pipe({ via });
      const child = await started(targets.double, there);
      assert.equal(there.closed, true);
      there.close();
      await assert.rejects(there.send(1), {
        code: 'ERR_MP_CLOSED',
        message: /sent to another process.*dup\(\)/,
      });
      for (const value of [1, 2, 3]) {
        await here.send(value);
        assert.equal(await within('the answer', here.recv()), 2 * value);
      }
      here.close();
      await ended(child);
    });

    it('in any nesting, also for a process that blocks', async () => {
      const [here, there] = mp.Pipe({ via });
      const child = await started(targets.echoSync, { nested: [there] });
      here.sendBytesSync(Buffer.from('blocking'));
      assert.equal(here.recvBytesSync({ timeout: 10_000 }).toString(), 'blocking');
      await ended(child);
      assert.throws(() => here.recvSync(), mp.EOFError);
      here.close();
    });

    it('a dup() stays here', async () => {
      const [here, there] = mp.Pipe({ via });
      const kept = there.dup();
      const child = await started(targets.double, there);
      await here.send(4);
      assert.equal(await within('the answer', here.recv()), 8);
      await kept.send('from here');
      assert.equal(await here.recv(), 'from here');
      here.close();
      kept.close();
      await ended(child);
    });

    it('either end of a one-way pipe, and accepted connections, go through another connection', async () => {
      const [here, there] = mp.Pipe({ via });
      const child = await started(targets.greetAll, there);
      const [reader, writer] = mp.Pipe({ via, duplex: false });
      await here.send(writer);
      assert.equal(await within('the greeting', reader.recv()), 'greetings');
      await assert.rejects(within('the end', reader.recv()), mp.EOFError);
      for (const family of ['AF_UNIX', 'AF_INET'] as const) {
        await using listener = await Listener({ family });
        const accepted = listener.accept();
        using client = await Client(listener.address);
        await here.send(await within('the accept', accepted));
        assert.equal(await within('the greeting', client.recv()), 'greetings');
      }
      here.close();
      await ended(child);
    });

    it('a process sends one back', async () => {
      const [here, there] = mp.Pipe({ via });
      const child = await started(targets.giveEnd, there);
      using got = (await within('the connection', here.recv())) as mp.Connection;
      assert.ok(got instanceof mp.connection.Connection);
      assert.equal(await within('the message', got.recv()), 'from the child');
      here.close();
      await ended(child);
    });

    it('within one process too', async () => {
      const [a, b] = mp.Pipe({ via });
      const [c, d] = mp.Pipe({ via });
      a.sendSync(c);
      using got = b.recvSync() as mp.Connection;
      await got.send(1);
      assert.equal(await d.recv(), 1);
      for (const one of [a, b, d]) one.close();
    });

    it('comes back when the message is not sent', async () => {
      const [a, b] = mp.Pipe({ via });
      const [c, d] = mp.Pipe({ via });
      await assert.rejects(a.send([c, Promise.resolve()]), mp.NotCloneableError);
      b.close();
      await assert.rejects(a.send(c), mp.EOFError);
      assert.throws(() => {
        a.sendSync({ c });
      }, mp.EOFError);
      await assert.rejects(c.send(c), mp.ClosedError);
      discard(encode(c));
      await c.send('still here');
      assert.equal(await d.recv(), 'still here');
      for (const one of [a, c, d]) one.close();
    });

    it('is refused while something waits on it', async () => {
      const [a, b] = mp.Pipe({ via });
      const [c, d] = mp.Pipe({ via });
      const pending = c.recv();
      await assert.rejects(a.send(c), { code: 'ERR_MP_BUSY' });
      await d.send(1);
      assert.equal(await pending, 1);
      for (const one of [a, b, c, d]) one.close();
    });

    it('a message whose connection is gone is an error', async () => {
      const [c, d] = mp.Pipe({ via });
      const bytes = encode(c);
      discard(bytes);
      c.close();
      const [a, b] = mp.Pipe({ via });
      await a.sendBytes(bytes);
      await assert.rejects(within('it', b.recv()), { code: 'ERR_MP_HANDLE_STALE' });
      for (const one of [a, b, c, d]) one.close();
    });
  });
}

describe('sockets in messages', () => {
  it('an accepted socket is served by a process of its own', async () => {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connections = once(server, 'connection');
    const client = connect(port, '127.0.0.1');
    const [socket] = (await within('the connection', connections)) as [Socket];
    const child = await started(targets.serve, socket);
    socket.destroy();
    client.setEncoding('utf8');
    const [greeting] = (await within('the greeting', once(client, 'data'))) as [string];
    assert.equal(greeting, `process ${String(child.pid)} serves`);
    client.write('abc');
    const [answer] = (await within('the answer', once(client, 'data'))) as [string];
    assert.equal(answer, 'ABC');
    client.destroy();
    server.close();
    await ended(child);
  });

  it('a listening server is shared with a process', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const child = await started(targets.acceptOne, server);
    server.close();
    const client = connect(port, '127.0.0.1').setEncoding('utf8');
    const [text] = (await within('the greeting', once(client, 'data'))) as [string];
    assert.equal(text, 'accepted by the child');
    client.destroy();
    await ended(child);
  });
});
