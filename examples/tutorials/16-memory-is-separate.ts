// A variable of a module is not shared: the child has its own.
import * as mp from 'node-multiprocessing';

let n = 100;

export function work(): void {
  n = 0;
  console.log('子进程内:', n);
}

async function main(): Promise<void> {
  const child = new mp.Process({ target: work });
  await child.start();
  await child.join();
  console.log('主进程内:', n);
}

if (mp.isMainProcess()) void main();

// Prints:
// 子进程内: 0
// 主进程内: 100
