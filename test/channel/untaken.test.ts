// What was sent with the start of a process that ends before it takes it: nobody has it, and who
// waits for the other end hears of that.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';
import { until, within } from '../helpers/watchdog';
import * as targets from './targets';

const program = (method: string, via: string): string => `
  import * as mp from 'node-multiprocessing';
  if (!mp.isMainProcess()) throw new Error('the import fails');
  export function work() {}
  if (mp.isMainProcess()) {
    const [here, there] = mp.Pipe({ via: '${via}' });
    const lock = new mp.Lock();
    const { Process } = mp.getContext('${method}');
    const child = new Process({ target: work, args: [{ there, lock }] });
    await child.start();
    child.result().catch(() => undefined);
    const end = await here.recv({ timeout: 10_000 }).catch((error) => error.code);
    await child.join();
    console.log(end, child.exitCode, there.closed);
  }
`;

for (const method of mp.getAllStartMethods().filter((name) => name !== 'fork')) {
  for (const via of ['memory', 'socket'] as const) {
    it(`a process by ${method} that cannot be imported takes its end of a pipe along, via ${via}`, async () => {
      const { stdout } = await runProgram({ 'main.mjs': program(method, via) }, ['main.mjs']);
      assert.equal(stdout.trim(), 'ERR_MP_EOF 1 true');
    });
  }

  it(`a process by ${method} that is killed at once leaves no end of a pipe open`, async () => {
    const { Process } = mp.getContext(method);
    const round = async (via: 'memory' | 'socket'): Promise<void> => {
      const [here, there] = mp.Pipe({ via });
      const child = new Process({ target: targets.hold, args: [there] });
      await child.start();
      child.kill();
      const received = await within(
        'the end',
        here.recv().catch((error: unknown) => error),
      );
      if (received === 'holding') await assert.rejects(within('the end', here.recv()), mp.EOFError);
      else assert.ok(received instanceof mp.EOFError);
      await within('the end', child.join());
      here.close();
      child.close();
    };
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    await round('socket');
    const before = descriptors();
    for (let i = 0; i < 5; i++) await round('socket');
    await until('no more descriptors than before', () => descriptors() <= before);
    for (let i = 0; i < 5; i++) await round('memory');
  });
}
