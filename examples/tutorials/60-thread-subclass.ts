// A subclass of Thread: two of them print the time, one twice as often as the other. (The original
// waits 1 s and 2 s.)
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export class MyThread extends mp.threading.Thread {
  constructor(
    name: string,
    readonly delayMs: number,
  ) {
    super({ name });
  }

  override async run(): Promise<void> {
    console.log(`Starting ${this.name}`);
    for (let i = 0; i < 5; i++) {
      await sleep(this.delayMs);
      console.log(`${this.name}: ${new Date().toISOString()}`);
    }
    console.log(`Exiting ${this.name}`);
  }
}

async function main(): Promise<void> {
  const threads = [new MyThread('Thread-1', 20), new MyThread('Thread-2', 400)];
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
  console.log('Exiting Main Thread');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// Starting Thread-1
// Starting Thread-2
// Thread-1: <time>
// Thread-1: <time>
// Thread-1: <time>
// Thread-1: <time>
// Thread-1: <time>
// Thread-2: <time>
// Thread-2: <time>
// Thread-2: <time>
// Thread-2: <time>
// Thread-2: <time>
// Exiting Thread-1
// Exiting Thread-2
// Prints:
// Exiting Main Thread
