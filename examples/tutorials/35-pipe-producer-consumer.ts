// A producer and a consumer at a pipe. Each side closes the end that it does not use: the consumer
// comes to the end when nobody can write any more. An end that a process is given moves there, so
// the consumer gets a dup() of the one that the producer keeps.
import * as mp from 'node-multiprocessing';

type Ends = readonly [left: mp.Connection, right: mp.Connection];

export async function consume([left, right]: Ends, name: string): Promise<void> {
  right.close();
  for (;;) {
    try {
      console.log(`${name} 收到 ${String(await left.recv())}`);
    } catch (error) {
      if (!(error instanceof mp.EOFError)) throw error;
      left.close();
      break;
    }
  }
  console.log(`${name} 结束`);
}

export async function produce([left, right]: Ends, items: number): Promise<void> {
  left.close(); // it has moved already
  for (let i = 0; i < items; i++) await right.send(`包子${i}`);
  right.close();
}

async function main(): Promise<void> {
  const [left, right] = mp.Pipe();
  const consumer = new mp.Process({ target: consume, args: [[left, right.dup()], '消费者'] });
  await consumer.start();
  await produce([left, right], 3);
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
