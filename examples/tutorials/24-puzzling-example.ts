// A daemon and a child that is none. When the main program has nothing left to do, the daemon is
// ended; the other child is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function foo(runs: mp.Semaphore): Promise<void> {
  console.log('123');
  runs.release();
  await sleep(300);
  console.log('end123');
}

export async function bar(runs: mp.Semaphore): Promise<void> {
  console.log('456');
  runs.release();
  await sleep(600);
  console.log('end456');
}

async function main(): Promise<void> {
  const runs = new mp.Semaphore(0);
  await new mp.Process({ target: bar, args: [runs] }).start();
  await runs.acquire();
  await new mp.Process({ target: foo, args: [runs], daemon: true }).start();
  await runs.acquire();
  console.log('main-------');
}

if (mp.isMainProcess()) void main();

// Prints:
// 456
// 123
// main-------
// end456
