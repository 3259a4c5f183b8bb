// A process that writes, and one that reads for ever and is terminated. The tutorial terminates it
// when the writer has ended, which may take the last value along; here it has dealt with all.
import * as mp from 'node-multiprocessing';

export async function write(queue: mp.JoinableQueue<string>): Promise<void> {
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await queue.put(value);
  }
}

export async function read(queue: mp.JoinableQueue<string>): Promise<never> {
  for (;;) {
    console.log(`Get ${await queue.get()} from queue.`);
    queue.taskDone();
  }
}

async function main(): Promise<void> {
  const queue = new mp.JoinableQueue<string>();
  const writer = new mp.Process({ target: write, args: [queue] });
  const reader = new mp.Process({ target: read, args: [queue] });
  await writer.start();
  await reader.start();
  await writer.join();
  await queue.join();
  reader.terminate();
  await reader.join();
  console.log('exit code', reader.exitCode);
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// Put A to queue...
// Put B to queue...
// Put C to queue...
// Get A from queue.
// Get B from queue.
// Get C from queue.
// Prints:
// exit code -15
