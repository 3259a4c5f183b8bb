// Five numbers and an end.
import * as mp from 'node-multiprocessing';

export async function produce(queue: mp.Queue<number | null>): Promise<void> {
  for (let i = 0; i < 5; i++) await queue.put(i);
  await queue.put(null);
}

export async function consume(queue: mp.Queue<number | null>): Promise<void> {
  for (let item = await queue.get(); item !== null; item = await queue.get()) {
    console.log(`消费: ${item}`);
  }
}

async function main(): Promise<void> {
  const queue = new mp.Queue<number | null>();
  const processes = [
    new mp.Process({ target: produce, args: [queue] }),
    new mp.Process({ target: consume, args: [queue] }),
  ];
  for (const process of processes) await process.start();
  for (const process of processes) await process.join();
}

if (mp.isMainProcess()) void main();

// Prints:
// 消费: 0
// 消费: 1
// 消费: 2
// 消费: 3
// 消费: 4
