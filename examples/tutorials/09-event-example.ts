// Three processes wait until a fourth sets an event.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const waiters = 3;

export async function waiter(id: number, event: mp.Event, waiting: mp.Semaphore): Promise<void> {
  const isSet = event.wait();
  console.log(`等待者 ${id} 正在等待事件`);
  waiting.release();
  await isSet;
  console.log(`等待者 ${id} 继续执行`);
}

export async function setter(event: mp.Event, waiting: mp.Semaphore): Promise<void> {
  for (let i = 0; i < waiters; i++) await waiting.acquire();
  await sleep(100);
  console.log('已设置事件');
  event.set();
  await sleep(50);
  event.clear(); // who waited when it was set goes on all the same
}

async function main(): Promise<void> {
  const event = new mp.Event();
  const waiting = new mp.Semaphore(0);
  const ids = Array.from({ length: waiters }, (_, id) => id);
  const children = [
    ...ids.map((id) => new mp.Process({ target: waiter, args: [id, event, waiting] })),
    new mp.Process({ target: setter, args: [event, waiting] }),
  ];
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  console.log('已清除事件:', !event.isSet());
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 等待者 0 正在等待事件
// 等待者 1 正在等待事件
// 等待者 2 正在等待事件
// Prints:
// 已设置事件
// Prints, in any order:
// 等待者 0 继续执行
// 等待者 1 继续执行
// 等待者 2 继续执行
// Prints:
// 已清除事件: true
