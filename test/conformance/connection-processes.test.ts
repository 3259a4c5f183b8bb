// Connections between processes of each start method: groups C and A of the behaviours that CPython
// tests.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as mp from 'node-multiprocessing';

import { childrenBy } from '../helpers/children';
import { within } from '../helpers/watchdog';
import * as targets from './message-targets';

const { Listener, wait } = mp.connection;
const modes = ['blocking', 'awaited'] as const;

let counter = 0;
const addresses: Record<string, () => mp.Address | undefined> = {
  'a TCP port': () => ['127.0.0.1', 0],
  'a Unix socket': () => join(tmpdir(), `nmp-processes-${process.pid}-${String(counter++)}`),
  'an abstract name': () => `\0nmp-processes-${process.pid}-${String(counter++)}`,
};

for (const method of mp.getAllStartMethods()) {
  const { start, end } = childrenBy(method);

  for (const via of ['memory', 'socket'] as const) {
    const place = via === 'memory' ? 'shared memory' : 'a socket';
    describe(`connections through ${place} and processes by ${method}`, () => {
      for (const mode of modes) {
        it(`messages of all sizes come back whole, and the end is heard of, ${mode}`, async () => {
          const [here, there] = mp.Pipe({ via });
          // A forked child has its parent's ends too, and must not keep the end from coming.
          const echo = (connection: mp.Connection): Promise<string> => {
            here.close();
            return targets.echo(connection, mode);
          };
          const child =
            method === 'fork' ? await start(echo, there) : await start(targets.echo, there, mode);
          there.close(); // it has moved: nothing happens
          for (const size of [0, 1, 0, 16_384, 70_000, 16 * 2 ** 20]) {
            const message = randomBytes(size);
            const sent = here.sendBytes(message);
            const back = await within('the answer', here.recvBytes());
            assert.ok(message.equals(back), `${String(size)} bytes`);
            await sent;
          }
          const value = { nested: [new Map([[1, new Date(0)]]), 'text'] };
          await here.send(value);
          assert.deepEqual(await within('the answer', here.recv()), value);
          here.close();
          assert.equal(await end(child), 'EOFError');
        });

        it(`a signal that is handled does not break a message, ${mode}`, async () => {
          const [here, there] = mp.Pipe({ via });
          const child = await start(targets.receiveThroughSignals, there, mode);
          assert.equal(await within('the child', here.recv()), 'ready');
          for (let i = 0; i < 5; i++) process.kill(child.pid!, 'SIGUSR1');
          const message = randomBytes(8 * 2 ** 20);
          const sent = here.sendBytes(message);
          for (let i = 0; i < 5; i++) process.kill(child.pid!, 'SIGUSR1');
          assert.ok(message.equals(await within('the answer', here.recvBytes())));
          await sent;
          assert.equal(await end(child), 'heard');
          here.close();
        });
      }

      it('poll() takes nothing of what another process receives from the same end', async () => {
        const [here, there] = mp.Pipe({ via });
        const kept = there.dup();
        const child = await start(targets.pollAndReceive, there, 3);
        assert.equal(await kept.poll(), false);
        await here.sendBytes(Buffer.from('first'));
        await here.sendBytes(Buffer.alloc(0));
        await kept.poll();
        await here.sendBytes(Buffer.from('second'));
        assert.deepEqual(await end(child), ['first', '', 'second']);
        assert.equal(await kept.poll(), false);
        kept.close();
        here.close();
      });

      it('wait() gives connections and the sentinel of a process, all that are ready', async () => {
        const [here, there] = mp.Pipe({ via });
        const [other, silent] = mp.Pipe({ via });
        const child = await start(targets.holdForEver, there);
        assert.deepEqual(await within('it', wait([silent, here, child.sentinel])), [here]);
        assert.equal(here.recvSync(), 'there');
        assert.deepEqual(await wait([silent, here, child.sentinel], { timeout: 5 }), []);
        child.kill();
        await within('the end', child.join());
        await other.send(1);
        const ready = await within('it', wait([silent, here, child.sentinel]));
        assert.deepEqual(ready, [silent, here, child.sentinel]);
        for (const each of [here, other, silent]) each.close();
      });
    });
  }

  describe(`listeners, clients and processes by ${method}`, () => {
    for (const [kind, address] of Object.entries(addresses)) {
      for (const authkey of [undefined, Buffer.from('key')]) {
        it(`a process connects to ${kind}${authkey ? ' with a key' : ''} and sends`, async () => {
          await using listener = await Listener({ address: address(), authkey });
          const child = await start(targets.greet, listener.address, authkey);
          using connection = await within('the accept', listener.accept());
          assert.deepEqual(await within('it', connection.recv()), { from: child.pid });
          await assert.rejects(within('the end', connection.recv()), mp.EOFError);
          await end(child);
        });
      }
    }

    it('a process that connected, wrote and ended before accept() is served', async () => {
      await using listener = await Listener();
      await end(await start(targets.greet, listener.address));
      using connection = await within('the accept', listener.accept());
      assert.equal(typeof (await within('it', connection.recv())), 'object');
    });

    it('a signal that is handled does not break accept()', async () => {
      const [here, there] = mp.Pipe();
      const child = await start(targets.acceptThroughSignals, there);
      const address = (await within('the address', here.recv())) as string;
      for (let i = 0; i < 3; i++) process.kill(child.pid!, 'SIGUSR1');
      using client = await within('the connection', mp.connection.Client(address));
      process.kill(child.pid!, 'SIGUSR1');
      await client.send('hello');
      assert.equal(await end(child), 'hello');
      here.close();
    });
  });
}
