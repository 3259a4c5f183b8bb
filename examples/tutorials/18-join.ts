// join() waits for the end of a process, with a timeout or without.
import * as mp from 'node-multiprocessing';

export async function task(mayEnd: mp.Semaphore): Promise<void> {
  await mayEnd.acquire();
  console.log('子进程结束');
}

async function main(): Promise<void> {
  const mayEnd = new mp.Semaphore(0);
  const child = new mp.Process({ target: task, args: [mayEnd] });
  await child.start();
  console.log('join, 20 ms:', await child.join({ timeout: 20 }));
  console.log('is_alive:', child.isAlive());
  mayEnd.release();
  console.log('join:', await child.join());
  console.log('exitcode:', child.exitCode);
}

if (mp.isMainProcess()) void main();

// Prints:
// join, 20 ms: false
// is_alive: true
// 子进程结束
// join: true
// exitcode: 0
