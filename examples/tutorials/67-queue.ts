// A producer of ten items and three consumers, with queue.Queue. The original's consumers loop for
// ever; here the program waits until all items are dealt with, and shuts the queue down.
import * as mp from 'node-multiprocessing';

type Items = mp.JoinableQueue<number>;

export async function producer(queue: Items): Promise<void> {
  const { name } = mp.threading.currentThread();
  for (let i = 0; i < 10; i++) {
    const item = Math.trunc(256 * Math.random());
    await queue.put(item);
    console.log(`Producer notify: item ${item} appended to queue by ${name}`);
  }
}

export async function consumer(queue: Items): Promise<void> {
  const { name } = mp.threading.currentThread();
  for await (const item of queue) {
    console.log(`Consumer notify: ${item} popped from queue by ${name}`);
    queue.taskDone();
  }
}

async function main(): Promise<void> {
  const queue: Items = new mp.queue.Queue();
  const producing = new mp.threading.Thread({ target: producer, args: [queue] });
  const consuming = [1, 2, 3].map(
    () => new mp.threading.Thread({ target: consumer, args: [queue] }),
  );
  for (const thread of [producing, ...consuming]) await thread.start();
  await producing.join();
  await queue.join();
  queue.shutdown();
  for (const thread of consuming) await thread.join();
  console.log('all items are dealt with');
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Producer notify: item <number> appended to queue by Thread-1 (producer)
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Consumer notify: <number> popped from queue by <thread>
// Prints:
// all items are dealt with
