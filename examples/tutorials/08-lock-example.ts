// Five processes add to one number under a lock.
import * as mp from 'node-multiprocessing';

export function worker(lock: mp.Lock, counter: mp.Value<'i'>): void {
  for (let i = 0; i < 100_000; i++) {
    lock.acquireSync();
    counter.value += 1;
    lock.release();
  }
}

async function main(): Promise<void> {
  const lock = new mp.Lock();
  const counter = new mp.Value('i', 0);
  const workers = Array.from(
    { length: 5 },
    () => new mp.Process({ target: worker, args: [lock, counter] }),
  );
  for (const child of workers) await child.start();
  for (const child of workers) await child.join();
  console.log(`最终计数器值: ${counter.value}`);
}

if (mp.isMainProcess()) void main();

// Prints:
// 最终计数器值: 500000
