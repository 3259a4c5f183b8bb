// One process with a name and one without.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function foo(): Promise<void> {
  const { name } = mp.currentProcess();
  console.log(`Starting ${name}`);
  await sleep(100);
  console.log(`Exiting ${name}`);
}

async function main(): Promise<void> {
  const named = new mp.Process({ name: 'func', target: foo });
  const unnamed = new mp.Process({ target: foo });
  await named.start();
  await unnamed.start();
  await named.join();
  await unnamed.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// Starting func
// Starting Process-2
// Exiting func
// Exiting Process-2
