// Descriptors of every kind that go to another process through a connection, by each start method; and
// that none stays behind.
import assert from 'node:assert/strict';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as mp from 'node-multiprocessing';

import { anonymousPipe } from '../helpers/anonymous-pipe';
import { until, within } from '../helpers/watchdog';
import * as targets from './message-targets';

/** How many sockets this process has open: whatever is sent here is one. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`).startsWith('socket:');
    } catch {
      return false; // that of the directory itself
    }
  }).length;
}

/** What is to be sent, and what the sender does when the other side has it. */
interface Case {
  readonly kind: targets.HandleKind;
  readonly handle: number | object;
  /** Closes this process's own. */
  readonly close: () => void;
  /** What the other process is to have read. */
  readonly expected: string;
  /** Talks to the other process through what it has got. */
  readonly use: () => Promise<void>;
}

function file(folder: string): Case {
  writeFileSync(join(folder, 'file'), 'of the file');
  const handle = openSync(join(folder, 'file'), 'r');
  const close = (): void => {
    closeSync(handle);
  };
  return { kind: 'file', handle, close, expected: 'of the file', use: () => Promise.resolve() };
}

function pipe(): Case {
  const { reader, writer } = anonymousPipe();
  return {
    kind: 'pipe',
    handle: writer,
    close: () => {
      closeSync(writer);
    },
    expected: 'written',
    use: async () => {
      const bytes = Buffer.alloc(100);
      await within('the text', mp.connection.wait([reader]));
      assert.equal(bytes.toString('utf8', 0, readSync(reader, bytes)), 'from the child');
      // Everybody has closed the writing end.
      await within('the end', mp.connection.wait([reader]));
      assert.equal(readSync(reader, bytes), 0);
      closeSync(reader);
    },
  };
}

async function listening(server: Server, address: string | undefined): Promise<void> {
  if (address === undefined) server.listen(0, '127.0.0.1');
  else server.listen(address);
  await once(server, 'listening');
}

/** A connected socket, over TCP or with a path. */
async function socket(path?: string): Promise<Case> {
  const server = createServer({ pauseOnConnect: true });
  await listening(server, path);
  const accepted = once(server, 'connection');
  const client =
    path === undefined
      ? connect((server.address() as AddressInfo).port, '127.0.0.1')
      : connect(path);
  const [handle] = (await accepted) as [Socket];
  server.close();
  return {
    kind: path === undefined ? 'TCP socket' : 'Unix socket',
    handle,
    close: () => handle.destroy(),
    expected: 'from the parent',
    use: async () => {
      client.write('from the parent');
      const [answer] = (await within('the answer', once(client, 'data'))) as [Buffer];
      assert.equal(String(answer), 'by the child');
      client.destroy();
      await once(client, 'close');
    },
  };
}

async function server(): Promise<Case> {
  const handle = createServer(() => assert.fail('the child accepts'));
  await listening(handle, undefined);
  const { port } = handle.address() as AddressInfo;
  return {
    kind: 'server',
    handle,
    close: () => handle.close(),
    expected: 'served',
    use: async () => {
      const client = connect(port, '127.0.0.1');
      const [answer] = (await within('the answer', once(client, 'data'))) as [Buffer];
      assert.equal(String(answer), 'by the child');
      client.destroy();
      await once(client, 'close');
    },
  };
}

async function datagram(): Promise<Case> {
  const handle: DatagramSocket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(handle, 'listening');
  const { port } = handle.address();
  return {
    kind: 'UDP socket',
    handle,
    close: () => handle.close(),
    expected: 'from the parent',
    use: async () => {
      const sender = createSocket('udp4');
      await new Promise((resolve) => {
        sender.send('from the parent', port, '127.0.0.1', resolve);
      });
      sender.close();
    },
  };
}

const makers: readonly ((folder: string) => Case | Promise<Case>)[] = [
  file,
  pipe,
  () => socket(),
  (folder) => socket(join(folder, 'socket')),
  server,
  datagram,
];

for (const method of mp.getAllStartMethods()) {
  const { Process } = mp.getContext(method);

  for (const via of ['memory', 'socket'] as const) {
    const place = via === 'memory' ? 'shared memory' : 'a socket';
    describe(`handles through ${place} to a process by ${method}`, () => {
      let folder: string;
      beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'nmp-handles-'));
      });
      afterEach(() => {
        rmSync(folder, { recursive: true });
      });

      it('a descriptor of each kind works there, also when it is closed here', async () => {
        for (const make of makers) {
          const { kind, handle, close, expected, use } = await make(folder);
          const [here, there] = mp.Pipe({ via });
          const child = new Process({ target: targets.useHandle, args: [there, kind] });
          await child.start();
          await here.sendHandle(handle);
          assert.equal(await within(`the child to have the ${kind}`, here.recv()), 'have it');
          close();
          await use();
          assert.equal(await within(`the child with the ${kind}`, child.result()), expected);
          await child.join();
          here.close();
        }
      });
    });

    it(`a process by ${method} that is killed leaves no descriptor here, via ${place}`, async () => {
      const round = async (): Promise<void> => {
        const [here, there] = mp.Pipe({ via });
        const child = new Process({ target: targets.receiveForEver, args: [there] });
        await child.start();
        const { handle, close } = await server();
        for (let i = 1; i <= 3; i++) {
          await here.send(handle);
          assert.equal(await within('the child', here.recv()), i);
        }
        close();
        child.kill();
        await within('the end', child.join());
        // Nobody receives this one.
        const [mine, yours] = mp.Pipe({ via: 'socket' });
        await here.sendHandle(mine).catch((error: unknown) => {
          assert.ok(error instanceof mp.EOFError);
        });
        for (const each of [here, mine, yours]) each.close();
        child.close();
      };
      await round();
      const before = sockets();
      for (let i = 0; i < 3; i++) await round();
      await until('no more sockets than before', () => sockets() <= before);
    });
  }
}

describe('a handle with a large number, and one that nobody receives', () => {
  for (const via of ['memory', 'socket'] as const) {
    it(`a number above 256 is a number like others, via ${via}`, async () => {
      const many = Array.from({ length: 300 }, () => openSync('/proc/self/comm', 'r'));
      const handle = many.at(-1)!;
      assert.ok(handle > 256);
      const [here, there] = mp.Pipe({ via });
      const child = new mp.Process({ target: targets.useHandle, args: [there, 'file'] });
      await child.start();
      await here.sendHandle(handle);
      assert.equal(await within('it', here.recv()), 'have it');
      assert.equal(typeof (await within('the result', child.result())), 'string');
      await child.join();
      here.close();
      for (const each of many) closeSync(each);
    });

    it(`is closed with the connection, when the other end is gone, via ${via}`, async () => {
      const before = sockets();
      for (const how of ['the receiver is closed first', 'a send fails']) {
        const [a, b] = mp.Pipe({ via });
        const [c, d] = mp.Pipe({ via: 'socket' });
        await a.sendHandle(c);
        a.sendHandleSync(c);
        if (via === 'memory') await a.send([d]);
        b.close();
        if (how === 'a send fails') await assert.rejects(a.send(1), mp.EOFError);
        for (const each of [a, c, d]) each.close();
      }
      await until('no more sockets than before', () => sockets() <= before);
    });
  }
});
