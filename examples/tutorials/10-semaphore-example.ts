// Five users of a resource that has two places.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function user(id: number, places: mp.Semaphore, inside: mp.Value<'i'>): Promise<void> {
  console.log(`用户 ${id} 正在等待`);
  await using _place = await places.guard();
  if (inside.add(1) >= 2) console.log('里面的人太多了');
  console.log(`用户 ${id} 进入`);
  await sleep(10 + 20 * Math.random());
  console.log(`用户 ${id} 离开`);
  inside.sub(1);
}

async function main(): Promise<void> {
  const places = new mp.Semaphore(2);
  const inside = new mp.Value('i', 0);
  const users = Array.from(
    { length: 5 },
    (_, id) => new mp.Process({ target: user, args: [id, places, inside] }),
  );
  for (const child of users) await child.start();
  for (const child of users) await child.join();
  console.log(`空闲位置: ${places.value}`);
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 用户 0 正在等待
// 用户 1 正在等待
// 用户 2 正在等待
// 用户 3 正在等待
// 用户 4 正在等待
// 用户 0 进入
// 用户 1 进入
// 用户 2 进入
// 用户 3 进入
// 用户 4 进入
// 用户 0 离开
// 用户 1 离开
// 用户 2 离开
// 用户 3 离开
// 用户 4 离开
// Prints:
// 空闲位置: 2
