// Several producers and consumers: one end for each consumer. Simpler: queue.shutdown() once, and
// consumers that iterate over the queue.
import * as mp from 'node-multiprocessing';

const foods = ['包子', '骨头', '泔水'];
const consumers = 2;

export async function produce(queue: mp.Queue<string | null>, food: string): Promise<void> {
  for (let i = 0; i < 2; i++) await queue.put(`${food}${i}`);
}

export async function consume(queue: mp.Queue<string | null>): Promise<number> {
  let eaten = 0;
  for (let item = await queue.get(); item !== null; item = await queue.get()) {
    console.log(`吃 ${item}`);
    eaten++;
  }
  return eaten;
}

async function main(): Promise<void> {
  const queue = new mp.Queue<string | null>();
  const producing = foods.map((food) => new mp.Process({ target: produce, args: [queue, food] }));
  const consuming = Array.from(
    { length: consumers },
    () => new mp.Process({ target: consume, args: [queue] }),
  );
  for (const process of [...producing, ...consuming]) await process.start();
  for (const process of producing) await process.join();
  for (let i = 0; i < consumers; i++) await queue.put(null);
  const eaten = await Promise.all(consuming.map((process) => process.result()));
  console.log(
    '一共吃了',
    eaten.reduce((sum, count) => sum + count, 0),
  );
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
// 一共吃了 6
