// Runs a function in another process and waits for it.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function task(): Promise<void> {
  await sleep(100);
  console.log('This is from another process');
}

async function main(): Promise<void> {
  const child = new mp.Process({ target: task });
  await child.start();
  console.log('Waiting for the process...');
  await child.join();
}

if (mp.isMainProcess()) void main();

// Prints:
// Waiting for the process...
// This is from another process
