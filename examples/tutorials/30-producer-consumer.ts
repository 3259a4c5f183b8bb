// A producer and a consumer that waits for ever: the main process joins the producer only, and ends
// the consumer, which waits in get().
import * as mp from 'node-multiprocessing';

export async function produce(queue: mp.Queue<string>): Promise<void> {
  for (let i = 0; i < 3; i++) await queue.put(`包子${i}`);
}

export async function consume(queue: mp.Queue<string>, eaten: mp.Semaphore): Promise<void> {
  for (;;) {
    console.log(`吃 ${await queue.get()}`);
    eaten.release();
  }
}

async function main(): Promise<void> {
  const queue = new mp.Queue<string>();
  const eaten = new mp.Semaphore(0);
  const producer = new mp.Process({ target: produce, args: [queue] });
  const consumer = new mp.Process({ target: consume, args: [queue, eaten] });
  await producer.start();
  await consumer.start();
  await producer.join();
  for (let i = 0; i < 3; i++) await eaten.acquire();
  console.log('消费者还在等待', !(await consumer.join({ timeout: 100 })));
  consumer.terminate();
  await consumer.join();
}

if (mp.isMainProcess()) void main();

// Prints:
// 吃 包子0
// 吃 包子1
// 吃 包子2
// 消费者还在等待 true
