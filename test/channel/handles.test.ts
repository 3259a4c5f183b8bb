// Descriptors through connections.
import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

for (const via of ['memory', 'socket'] as const) {
  describe(`sendHandle and recvHandle through ${via === 'memory' ? 'shared memory' : 'a socket'}`, () => {
    let a: mp.Connection;
    let b: mp.Connection;
    beforeEach(() => {
      [a, b] = mp.Pipe({ via });
    });
    afterEach(() => {
      a.close();
      b.close();
    });

    it('a descriptor arrives as another one of the same open file', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'mp-handles-'));
      writeFileSync(join(folder, 'file'), 'content');
      const file = openSync(join(folder, 'file'), 'r');
      await a.sendHandle(file);
      a.sendHandleSync(file);
      closeSync(file);
      for (const handle of [await within('it', b.recvHandle()), b.recvHandleSync()]) {
        assert.equal(fstatSync(handle).size, 7);
        const bytes = Buffer.alloc(7);
        if (readSync(handle, bytes, 0, 7, 0) === 7) assert.equal(bytes.toString(), 'content');
        closeSync(handle);
      }
      rmSync(folder, { recursive: true });
    });

    it('a connection can be sent, and messages around it keep their order', async () => {
      const [c, d] = mp.Pipe({ via: 'socket' });
      await a.send('before');
      await a.sendHandle(c);
      await a.send('after');
      c.close();
      assert.equal(await b.recv(), 'before');
      using got = new mp.Connection(await within('it', b.recvHandle()));
      assert.equal(await b.recv(), 'after');
      await got.send('through');
      assert.equal(await d.recv(), 'through');
      d.close();
    });

    it('a listening server can be sent', async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await a.sendHandle(server);
      const handle = await within('it', b.recvHandle());
      server.close();
      const other = createServer((socket) =>
        socket.on('error', () => undefined).end('by the other'),
      );
      other.listen({ fd: handle });
      const client = await mp.connection.Client(['127.0.0.1', port]);
      // Not a message: the first four bytes are no size that would fit.
      await assert.rejects(client.recvBytes({ maxLength: 100 }), {
        code: 'ERR_MP_MESSAGE_TOO_LONG',
      });
      client.close();
      other.close();
    });

    it('a byte without a descriptor is an error', async () => {
      await a.sendBytes(Buffer.alloc(0));
      await assert.rejects(within('it', b.recvHandle()), { code: 'ERR_MP_NO_HANDLE' });
      a.close();
    });

    it('the end is an EOFError; what has no descriptor is refused', async () => {
      await assert.rejects(a.sendHandle({}), TypeError);
      await assert.rejects(a.sendHandle('x' as never), TypeError);
      assert.throws(() => {
        a.sendHandleSync(createServer());
      }, mp.ClosedError);
      await assert.rejects(a.sendHandle(1_000_000), { code: 'ERR_MP_SYSTEM_CALL' });
      await assert.rejects(b.recvHandle({ timeout: 5 }), mp.TimeoutError);
      const pending = b.recvHandle();
      a.close();
      await assert.rejects(within('the end', pending), mp.EOFError);
    });
  });
}
