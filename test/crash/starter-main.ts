// A parent that starts children until it is killed: some idle, some in a loop, some daemons.
import * as mp from 'node-multiprocessing';

import { idle, loopForEver } from './process-targets';

async function main(): Promise<void> {
  const shared = new mp.Array('d', 100_000);
  for (let i = 0; i < 4; i++) {
    shared[i] = i;
    const target = i === 1 ? loopForEver : idle;
    await new mp.Process({ target, daemon: i % 2 === 0 }).start();
  }
  setInterval(() => undefined, 1_000);
}

if (mp.isMainProcess()) void main();
