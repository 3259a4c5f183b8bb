// Consumers are daemons that report each item as done; the producers wait until all are.
import * as mp from 'node-multiprocessing';

const foods = ['包子', '骨头', '泔水'];

export async function produce(queue: mp.JoinableQueue<string>, food: string): Promise<void> {
  for (let i = 0; i < 2; i++) await queue.put(`${food}${i}`);
  await queue.join();
}

export async function consume(queue: mp.JoinableQueue<string>): Promise<void> {
  for await (const item of queue) {
    console.log(`吃 ${item}`);
    queue.taskDone();
  }
}

async function main(): Promise<void> {
  const queue = new mp.JoinableQueue<string>();
  const producing = foods.map((food) => new mp.Process({ target: produce, args: [queue, food] }));
  const consuming = [1, 2].map(
    () => new mp.Process({ target: consume, args: [queue], daemon: true }),
  );
  for (const process of [...producing, ...consuming]) await process.start();
  for (const process of producing) await process.join();
  console.log('没有剩下', queue.unfinished);
  try {
    queue.taskDone();
  } catch (error) {
    console.log(error instanceof mp.OverReleaseError);
  }
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// 吃 包子0
// 吃 包子1
// 吃 骨头0
// 吃 骨头1
// 吃 泔水0
// 吃 泔水1
// Prints:
// 没有剩下 0
// true
