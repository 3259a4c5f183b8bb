// Three processes print on one terminal: their lines mix.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function task(name: string): Promise<void> {
  for (const step of [1, 2, 3]) {
    console.log(`${name} ${step}`);
    await sleep(20 * Math.random());
  }
}

async function main(): Promise<void> {
  for (const name of ['进程1', '进程2', '进程3']) {
    await new mp.Process({ target: task, args: [name] }).start();
  }
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 进程1 1
// 进程1 2
// 进程1 3
// 进程2 1
// 进程2 2
// 进程2 3
// 进程3 1
// 进程3 2
// 进程3 3
