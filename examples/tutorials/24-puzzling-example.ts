// A daemon and a child that is none. When the main program has nothing left to do, the daemon is
// ended, so its last line never shows; the other child is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function foo(runs: mp.Semaphore, alive: mp.Lock): Promise<void> {
  await alive.acquire();
  console.log('123');
  runs.release();
  await sleep(60_000);
  console.log('end123');
}

export async function bar(runs: mp.Semaphore, alive: mp.Lock): Promise<void> {
  console.log('456');
  runs.release();
  await alive.acquire(); // the daemon's, which it leaves when it is ended
  console.log('end456');
}

async function main(): Promise<void> {
  const runs = new mp.Semaphore(0);
  const alive = new mp.Lock();
  await new mp.Process({ target: foo, args: [runs, alive], daemon: true }).start();
  await runs.acquire();
  await new mp.Process({ target: bar, args: [runs, alive] }).start();
  await runs.acquire();
  console.log('main-------');
}

if (mp.isMainProcess()) void main();

// Prints:
// 123
// 456
// main-------
// end456
