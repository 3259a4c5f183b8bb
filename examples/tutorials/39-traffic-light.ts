// Cars wait for the green light: an event that another process sets and clears.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export async function light(green: mp.Event): Promise<never> {
  for (;;) {
    await sleep(50);
    green.set();
    await sleep(50);
    green.clear();
  }
}

export async function car(id: number, green: mp.Event): Promise<void> {
  await green.wait();
  console.log(`车 ${id} 看到绿灯, 走了`);
}

async function main(): Promise<void> {
  const green = new mp.Event();
  await new mp.Process({ target: light, args: [green], daemon: true }).start();
  const cars = [1, 2, 3, 4].map((id) => new mp.Process({ target: car, args: [id, green] }));
  for (const child of cars) await child.start();
  for (const child of cars) await child.join();
  console.log('车都走了');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 车 1 看到绿灯, 走了
// 车 2 看到绿灯, 走了
// 车 3 看到绿灯, 走了
// 车 4 看到绿灯, 走了
// Prints:
// 车都走了
