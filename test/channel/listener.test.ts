// Listeners and clients: group A of the features.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { turns, within } from '../helpers/watchdog';

const { Client, Listener } = mp.connection;
const authkey = Buffer.from('secret');

const open: Disposable[] = [];
function kept<T extends Disposable>(one: T): T {
  open.push(one);
  return one;
}
async function listen(options?: Parameters<typeof Listener>[0]): Promise<mp.Listener> {
  return kept(await Listener(options));
}
async function connect(...args: Parameters<typeof Client>): Promise<mp.Connection> {
  return kept(await within('the connection', Client(...args)));
}
/** A client that speaks no word by itself. */
function raw(listener: mp.Listener): Socket {
  const { address } = listener;
  const [host, port] = address as [string, number];
  const socket =
    typeof address === 'string' ? createConnection(address) : createConnection(port, host);
  socket.on('error', () => undefined);
  open.push({ [Symbol.dispose]: () => socket.destroy() });
  return socket;
}

async function bothRefused(...sides: Promise<mp.Connection>[]): Promise<void> {
  const refused = sides.map((side) => assert.rejects(side, mp.AuthenticationError));
  await within('the refusals', Promise.all(refused));
}

let counter = 0;
const freshPath = (): string => join(tmpdir(), `nmp-test-${process.pid}-${String(counter++)}`);

const kinds: [string, () => Parameters<typeof Listener>[0]][] = [
  ['a TCP port', () => ({ address: ['localhost', 0] })],
  ['IPv6', () => ({ address: ['::1', 0] })],
  ['every network', () => ({ address: ['', 0] })],
  ['a Unix socket', () => ({ address: freshPath() })],
  ['an abstract name', () => ({ address: `\0nmp-test-${process.pid}-${String(counter++)}` })],
  ['an address of its own', () => undefined],
  ['a port of its own', () => ({ family: 'AF_INET' })],
  ['an IPv6 port of its own', () => ({ family: 'AF_INET6' })],
];

describe('Listener and Client', () => {
  afterEach(() => {
    for (const each of open.splice(0).reverse()) each[Symbol.dispose]();
  });

  for (const [kind, options] of kinds) {
    it(`connect over ${kind}`, async () => {
      const listener = await listen(options());
      const accepted = listener.accept();
      const { address } = listener;
      const client = await connect(
        typeof address === 'string' ? address : [address[0].replace('0.0.0.0', ''), address[1]],
      );
      const server = kept(await within('the accept', accepted));
      await client.send({ hello: 'listener' });
      assert.deepEqual(await within('it', server.recv()), { hello: 'listener' });
      await server.send('and back');
      assert.equal(await within('it', client.recv()), 'and back');
      const last = listener.lastAccepted;
      assert.equal(Array.isArray(last), Array.isArray(address));
    });
  }

  it('authenticate each other', async () => {
    const listener = await listen({ authkey });
    const accepted = listener.accept();
    const client = await connect(listener.address, { authkey });
    const server = kept(await within('the accept', accepted));
    await client.send(1);
    assert.equal(await within('it', server.recv()), 1);
  });

  it('an empty key is a key', async () => {
    const listener = await listen({ authkey: Buffer.alloc(0) });
    for (const key of [Buffer.alloc(0), Buffer.from('x')]) {
      const accepted = listener.accept();
      const client = Client(listener.address, { authkey: key });
      if (key.length === 0) {
        kept(await within('the client', client));
        kept(await within('the accept', accepted));
      } else {
        await bothRefused(client, accepted);
      }
    }
  });

  it('a wrong key is an error on both sides, and the listener stays usable', async () => {
    const listener = await listen({ authkey });
    const refused = listener.accept();
    const client = Client(listener.address, { authkey: Buffer.from('wrong') });
    await bothRefused(client, refused);
    const accepted = listener.accept();
    await connect(listener.address, { authkey });
    kept(await within('the accept', accepted));
  });

  it('a client that does not trust the listener tells it', async () => {
    const listener = await listen();
    const accepted = listener.accept();
    const client = Client(listener.address, { authkey });
    const server = kept(await within('the accept', accepted));
    server.close();
    await assert.rejects(within('the client', client), (error: Error) => {
      assert.ok(error instanceof mp.AuthenticationError);
      assert.ok(error.cause instanceof mp.EOFError);
      return true;
    });
  });

  it('a client that goes away while it authenticates is an AuthenticationError', async () => {
    const listener = await listen({ authkey });
    const accepted = listener.accept();
    raw(listener).end();
    await assert.rejects(within('the accept', accepted), mp.AuthenticationError);
  });

  it('a client that sends garbage or a huge message is an AuthenticationError', async () => {
    const listener = await listen({ authkey, address: ['127.0.0.1', 0] });
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x00\x00\x01\x01',
      '\xff\xff\xff\xfe',
      '\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff',
    ]) {
      const accepted = listener.accept();
      raw(listener).write(Buffer.from(bytes, 'latin1'));
      await assert.rejects(within('the accept', accepted), mp.AuthenticationError);
    }
  });

  it('a silent client holds up nobody, and is told off after a time', async () => {
    const listener = await listen({ authkey, handshakeTimeout: 100 });
    const silent = raw(listener);
    const closed = new Promise((resolve) => silent.on('close', resolve).resume());
    const accepted = listener.accept();
    await connect(listener.address, { authkey });
    kept(await within('the accept', accepted));
    const late = listener.accept();
    await assert.rejects(within('the lateness', late), {
      code: 'ERR_MP_AUTHENTICATION',
      message: /within 100 ms/,
    });
    await within('the end of the silent one', closed);
  });

  it('no more clients authenticate at once than are allowed', async () => {
    const listener = await listen({ authkey, maxPending: 2, handshakeTimeout: 200 });
    const silent = Array.from({ length: 2 }, () => raw(listener));
    await Promise.all(
      silent.map((socket) => new Promise((resolve) => socket.on('connect', resolve))),
    );
    const accepts = Array.from({ length: 3 }, () => listener.accept());
    const third = raw(listener);
    let greeted = 0;
    for (const socket of [...silent, third]) socket.once('data', () => greeted++);
    const results = within('the accepts', Promise.allSettled(accepts));
    await within('two', new Promise((resolve) => silent[1]?.once('data', resolve)));
    await turns();
    assert.equal(greeted, 2);
    assert.ok((await results).every(({ status }) => status === 'rejected'));
    assert.equal(greeted, 3);
  });

  it('clients that connected, wrote and closed before accept() are served', async () => {
    const listener = await listen({ address: ['localhost', 0] });
    const client = await connect(listener.address);
    await client.send('early');
    client.close();
    const server = kept(await within('the accept', listener.accept()));
    assert.equal(await within('it', server.recv()), 'early');
    await assert.rejects(server.recv(), mp.EOFError);
  });

  it('a full queue is waited for', async () => {
    const listener = await listen({ backlog: 0 });
    const clients = Promise.all(Array.from({ length: 6 }, () => Client(listener.address)));
    for (let i = 0; i < 6; i++) kept(await within('the accept', listener.accept()));
    for (const client of await within('the clients', clients)) kept(client);
    await connect(listener.address);
    await assert.rejects(
      Promise.all([1, 2].map(() => Client(listener.address, { timeout: 30 }).then(kept))),
      mp.TimeoutError,
    );
  });

  it('an address in use, and one where nobody listens, are errors of the system', async () => {
    for (const address of [freshPath(), ['127.0.0.1', 0] as const]) {
      const listener = await listen({ address });
      await assert.rejects(Listener({ address: listener.address }), {
        code: 'ERR_MP_SYSTEM_CALL',
        syscall: 'bind',
      });
      listener.close();
      await assert.rejects(Client(listener.address), {
        code: 'ERR_MP_SYSTEM_CALL',
        syscall: 'connect',
      });
    }
    await assert.rejects(Listener({ address: `/tmp/${'x'.repeat(200)}` }), /name too long/);
  });

  it('accept() waits as long as it is told', async () => {
    const listener = await listen();
    await assert.rejects(listener.accept({ timeout: 10 }), mp.TimeoutError);
    await assert.rejects(listener.accept({ timeout: 0 }), mp.TimeoutError);
    const reason = new Error('stop');
    const controller = new AbortController();
    const pending = listener.accept({ signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(pending, reason);
    const accepted = listener.accept();
    await connect(listener.address);
    kept(await within('the accept', accepted));
  });

  it('close() ends waiting accepts, removes the file, and can be repeated', async () => {
    const listener = await listen();
    const path = listener.address as string;
    assert.ok(existsSync(path));
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    assert.equal(listener.lastAccepted, null);
    const pending = listener.accept();
    listener.close();
    listener.close();
    await assert.rejects(within('the accept', pending), mp.ClosedError);
    await assert.rejects(listener.accept(), mp.ClosedError);
    assert.ok(!existsSync(path) && !existsSync(dirname(path)));
  });

  it('a listener closes at the end of its scope', async () => {
    let path = '';
    {
      await using listener = await Listener();
      path = listener.address as string;
      assert.ok(existsSync(path));
    }
    assert.ok(!existsSync(path));
  });

  it('an idle listener does not keep the process alive, and its file goes with the process', async () => {
    const { stdout, stderr, code } = await runProgram(
      {
        'main.mjs': `import * as mp from 'node-multiprocessing';
          const listener = await mp.connection.Listener({ authkey: Buffer.from('k') });
          const [a, b] = mp.Pipe();
          await a.send(1);
          console.log(listener.address, await b.recv());`,
      },
      ['main.mjs'],
    );
    assert.equal(code, 0, stderr);
    const [path, value] = stdout.trim().split(' ');
    assert.equal(value, '1');
    assert.ok(path !== undefined && !existsSync(path) && !existsSync(dirname(path)));
  });

  it('refuse what is no address, family, key or option', async () => {
    const unrecognized = { code: 'ERR_MP_ADDRESS_FAMILY' };
    await assert.rejects(Listener({ family: 'AF_PIPE' as never }), unrecognized);
    await assert.rejects(Listener({ address: '\\\\.\\pipe\\x' }), unrecognized);
    await assert.rejects(Listener({ family: 'x' as never }), /Family x is not recognized/);
    await assert.rejects(Listener({ family: 'AF_INET', address: '/tmp/x' }), TypeError);
    await assert.rejects(Listener({ authkey: 'text' as never }), /should be a byte string/);
    await assert.rejects(Client('/tmp/x', { authkey: 5 as never }), TypeError);
    await assert.rejects(Listener({ address: 5 as never }), TypeError);
    await assert.rejects(Listener({ address: '' }), TypeError);
    await assert.rejects(Listener({ address: ['localhost', 70000] }), RangeError);
    await assert.rejects(Listener({ address: ['localhost'] as never }), TypeError);
    await assert.rejects(Listener(5 as never), TypeError);
    await assert.rejects(Listener({ backlog: -1 }), RangeError);
    await assert.rejects(Listener({ handshakeTimeout: 'x' as never }), TypeError);
    await assert.rejects(Client(undefined as never), TypeError);
    assert.equal(mp.connection.addressType('/x'), 'AF_UNIX');
    assert.equal(mp.connection.addressType(['a', 1]), 'AF_INET');
    assert.throws(() => mp.connection.arbitraryAddress('x' as never), unrecognized);
  });

  it('connections have the limit of message sizes that was asked for', async () => {
    const listener = await listen({ maxMessageSize: 100 });
    const client = await connect(listener.address);
    const server = kept(await within('the accept', listener.accept()));
    await client.sendBytes(Buffer.alloc(101));
    await assert.rejects(server.recv(), { code: 'ERR_MP_MESSAGE_TOO_LONG' });
  });
});
