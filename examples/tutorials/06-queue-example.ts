// A producer and a consumer at a queue; null says that nothing more comes.
import * as mp from 'node-multiprocessing';

const fruits = ['apple', 'banana', 'cherry', 'date', 'elderberry'];

export async function produce(queue: mp.Queue<string | null>): Promise<void> {
  for (const fruit of fruits) await queue.put(fruit);
  await queue.put(null);
}

export async function consume(queue: mp.Queue<string | null>): Promise<void> {
  for (;;) {
    const fruit = await queue.get();
    if (fruit === null) break;
    console.log(`消费者: 取出 ${fruit}`);
  }
}

async function main(): Promise<void> {
  const queue = new mp.Queue<string | null>();
  const producer = new mp.Process({ target: produce, args: [queue] });
  const consumer = new mp.Process({ target: consume, args: [queue] });
  await producer.start();
  await consumer.start();
  await producer.join();
  await consumer.join();
  console.log('Queue 示例结束。');
}

if (mp.isMainProcess()) void main();

// Prints:
// 消费者: 取出 apple
// 消费者: 取出 banana
// 消费者: 取出 cherry
// 消费者: 取出 date
// 消费者: 取出 elderberry
// Queue 示例结束。
