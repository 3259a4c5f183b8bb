// Four processes count under one lock.
import * as mp from 'node-multiprocessing';

export function worker(counter: mp.Value<'i'>, lock: mp.Lock): void {
  for (let i = 0; i < 100_000; i++) {
    using _held = lock.guardSync();
    counter.value += 1;
  }
}

async function main(): Promise<void> {
  const counter = new mp.Value('i', 0);
  const lock = new mp.Lock();
  const children = Array.from(
    { length: 4 },
    () => new mp.Process({ target: worker, args: [counter, lock] }),
  );
  for (const child of children) await child.start();
  for (const child of children) await child.join();
  console.log(`结果: ${counter.value}`);
}

if (mp.isMainProcess()) void main();

// Prints:
// 结果: 400000
