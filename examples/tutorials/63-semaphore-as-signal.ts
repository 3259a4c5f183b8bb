// A semaphore that starts at 0 tells the consumer that there is an item. (In the original its value is
// 1 when the producer looks; here the consumer may have been quicker.)
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const rounds = 5;

export async function consumer(semaphore: mp.Semaphore, item: mp.Value<'i'>): Promise<void> {
  console.log('consumer is waiting');
  await semaphore.acquire();
  console.log(`consumer notify: consumed item number ${item.value}`);
  console.log(`semaphore: ${semaphore.value}`);
}

export async function producer(semaphore: mp.Semaphore, item: mp.Value<'i'>): Promise<void> {
  await sleep(50);
  item.value = Math.trunc(1000 * Math.random());
  console.log(`producer notify: produced item number ${item.value}`);
  semaphore.release();
  console.log(`semaphore: ${semaphore.value}`);
}

async function main(): Promise<void> {
  const semaphore = new mp.Semaphore(0);
  const item = new mp.Value('i', 0);
  for (let i = 0; i < rounds; i++) {
    const threads = [producer, consumer].map(
      (target) => new mp.threading.Thread({ target, args: [semaphore, item] }),
    );
    for (const thread of threads) await thread.start();
    for (const thread of threads) await thread.join();
  }
  console.log('program terminated');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// consumer is waiting
// producer notify: produced item number <number>
// semaphore: <number>
// consumer notify: consumed item number <number>
// semaphore: <number>
// Prints, in any order:
// consumer is waiting
// producer notify: produced item number <number>
// semaphore: <number>
// consumer notify: consumed item number <number>
// semaphore: <number>
// Prints, in any order:
// consumer is waiting
// producer notify: produced item number <number>
// semaphore: <number>
// consumer notify: consumed item number <number>
// semaphore: <number>
// Prints, in any order:
// consumer is waiting
// producer notify: produced item number <number>
// semaphore: <number>
// consumer notify: consumed item number <number>
// semaphore: <number>
// Prints, in any order:
// consumer is waiting
// producer notify: produced item number <number>
// semaphore: <number>
// consumer notify: consumed item number <number>
// semaphore: <number>
// Prints:
// program terminated
