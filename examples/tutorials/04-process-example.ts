// Two workers that sleep at the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function worker(name: string): Promise<void> {
  console.log(`子进程 ${name} (PID: ${process.pid}) 开始执行`);
  await sleep(50 + 150 * Math.random());
  console.log(`子进程 ${name} (PID: ${process.pid}) 执行完毕`);
}

async function main(): Promise<void> {
  const workers = ['A', 'B'].map((name) => new mp.Process({ target: worker, args: [name] }));
  for (const child of workers) await child.start();
  for (const child of workers) await child.join();
  console.log('所有子进程已结束,主进程继续执行。');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 子进程 A (PID: <number>) 开始执行
// 子进程 B (PID: <number>) 开始执行
// 子进程 A (PID: <number>) 执行完毕
// 子进程 B (PID: <number>) 执行完毕
// Prints:
// 所有子进程已结束,主进程继续执行。
