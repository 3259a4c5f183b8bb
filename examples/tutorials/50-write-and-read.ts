// A process that writes, and one that reads until the queue is shut down and empty.
import * as mp from 'node-multiprocessing';

export async function write(queue: mp.Queue<string>): Promise<void> {
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await queue.put(value);
  }
}

export async function read(queue: mp.Queue<string>): Promise<void> {
  for await (const value of queue) console.log(`Get ${value} from queue.`);
}

async function main(): Promise<void> {
  const queue = new mp.Queue<string>();
  const writer = new mp.Process({ target: write, args: [queue] });
  const reader = new mp.Process({ target: read, args: [queue] });
  await writer.start();
  await reader.start();
  await writer.join();
  queue.shutdown(); // terminate() at once could take the last one along
  await reader.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// Put A to queue...
// Put B to queue...
// Put C to queue...
// Get A from queue.
// Get B from queue.
// Get C from queue.
