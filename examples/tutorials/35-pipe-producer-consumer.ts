// A producer and a consumer at a pipe. The end that a process is given moves there, so nobody has to
// close ends that it does not use.
import * as mp from 'node-multiprocessing';

export async function consume(pipe: mp.Connection, name: string): Promise<void> {
  for await (const item of pipe) console.log(`${name} 收到 ${String(item)}`);
  console.log(`${name} 结束`);
}

export async function produce(pipe: mp.Connection, items: number): Promise<void> {
  for (let i = 0; i < items; i++) await pipe.send(`包子${i}`);
  pipe.close();
}

async function main(): Promise<void> {
  const [left, right] = mp.Pipe({ duplex: false });
  const consumer = new mp.Process({ target: consume, args: [left, '消费者'] });
  await consumer.start();
  await produce(right, 3);
  await consumer.join();
  console.log('主进程');
}

if (mp.isMainProcess()) void main();

// Prints:
// 消费者 收到 包子0
// 消费者 收到 包子1
// 消费者 收到 包子2
// 消费者 结束
// 主进程
