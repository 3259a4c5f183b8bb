// Connections and servers that are a process's result: the parent has them whole, also when the
// process has ended long before it asks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog.js';
import * as targets from './targets.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function ended<T, A extends readonly unknown[]>(
  method: mp.StartMethod,
  target: (...args: A) => T | PromiseLike<T>,
  args: A,
): Promise<mp.Process<T, A>> {
  const { Process } = mp.getContext(method);
  const child = new Process({ target, args });
  await within('the start', child.start());
  await within('the end', child.join());
  assert.equal(child.exitCode, 0);
  return child;
}

async function talk({ one, other }: targets.Ends): Promise<void> {
  await one.send('there');
  assert.equal(await within('a message', other.recv()), 'there');
  await other.send('and back');
  assert.equal(await within('its answer', one.recv()), 'and back');
  one.close();
  await assert.rejects(within('the end', other.recv()), { code: 'ERR_MP_EOF' });
  other.close();
}

for (const method of mp.getAllStartMethods()) {
  describe(`the result of a process by ${method} that has ended`, () => {
    for (const via of ['memory', 'socket'] as const) {
      it(`may have connections via ${via}`, async () => {
        const child = await ended(method, targets.bothEnds, [via]);
        await talk(await within('the result', child.result()));
      });
    }

    it('may be a server', async () => {
      const child = await ended(method, targets.listening, []);
      const server = await within('the result', child.result());
      const { port } = server.address() as AddressInfo;
      const accepted = once(server, 'connection') as Promise<[{ end(): void }]>;
      const socket = connect(port, '127.0.0.1').resume();
      (await within('a connection', accepted))[0].end();
      await within('its end', once(socket, 'close'));
      server.close();
    });

    it('that nobody asks for leaves no descriptor open', async () => {
      await ended(method, targets.bothEnds, ['socket']).then((child) => {
        child.close();
      });
      const before = descriptors();
      for (let i = 0; i < 3; i++) {
        const child = await ended(method, targets.bothEnds, ['socket']);
        child.close();
      }
      await until('the descriptors to be closed', () => descriptors() <= before);
    });
  });
}

describe('the result of a thread that has ended', () => {
  for (const via of ['memory', 'socket'] as const) {
    it(`may have connections via ${via}`, async () => {
      const thread = new mp.threading.Thread({ target: targets.bothEnds, args: [via] });
      await within('the start', thread.start());
      await within('the end', thread.join());
      await talk(await within('the result', thread.result()));
    });
  }
});
