// Three tasks at the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function task(name: string): Promise<void> {
  console.log(`${name} 开始`);
  await sleep(200);
  console.log(`${name} 结束`);
}

async function main(): Promise<void> {
  const children = ['任务0', '任务1', '任务2'].map(
    (name) => new mp.Process({ target: task, args: [name] }),
  );
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  console.log('所有子进程结束');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 任务0 开始
// 任务1 开始
// 任务2 开始
// 任务0 结束
// 任务1 结束
// 任务2 结束
// Prints:
// 所有子进程结束
