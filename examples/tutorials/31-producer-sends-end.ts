// The producer says that nothing more comes, so the consumer ends.
import * as mp from 'node-multiprocessing';

export async function produce(queue: mp.Queue<string | null>): Promise<void> {
  for (let i = 0; i < 3; i++) await queue.put(`包子${i}`);
  await queue.put(null);
}

export async function consume(queue: mp.Queue<string | null>): Promise<void> {
  for (let item = await queue.get(); item !== null; item = await queue.get()) {
    console.log(`吃 ${item}`);
  }
}

async function main(): Promise<void> {
  const queue = new mp.Queue<string | null>();
  const producer = new mp.Process({ target: produce, args: [queue] });
  const consumer = new mp.Process({ target: consume, args: [queue] });
  await producer.start();
  await consumer.start();
  await consumer.join();
  console.log('主');
}

if (mp.isMainProcess()) void main();

// Prints:
// 吃 包子0
// 吃 包子1
// 吃 包子2
// 主
