// Two threads add to and subtract from one number, first under a lock, then without: then what is
// left is anything. (In CPython it is mostly 0, for one thread runs at a time; here both do.)
import * as mp from 'node-multiprocessing';

const count = 100_000;

export function incrementWithLock(value: mp.Value<'i'>, lock: mp.Lock): void {
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    value.value += 1;
    lock.release();
  }
}

export function decrementWithLock(value: mp.Value<'i'>, lock: mp.Lock): void {
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    value.value -= 1;
    lock.release();
  }
}

export function incrementWithoutLock(value: mp.Value<'i'>): void {
  for (let i = 0; i < count; i++) value.value += 1;
}

export function decrementWithoutLock(value: mp.Value<'i'>): void {
  for (let i = 0; i < count; i++) value.value -= 1;
}

type Work = (value: mp.Value<'i'>, lock: mp.Lock) => void;

/** What is left of 0 when both have run together. */
async function run(...targets: [Work, Work]): Promise<number> {
  const value = new mp.Value('i', 0);
  const lock = new mp.Lock();
  const threads = targets.map((target) => new mp.threading.Thread({ target, args: [value, lock] }));
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
  return value.value;
}

async function main(): Promise<void> {
  const locked = await run(incrementWithLock, decrementWithLock);
  console.log(`the value of shared resource with lock management is: ${locked}`);
  const racing = await run(incrementWithoutLock, decrementWithoutLock);
  console.log(`the value of shared resource with race condition is: ${racing}`);
}

if (mp.isMainProcess()) void main();

// Prints:
// the value of shared resource with lock management is: 0
// the value of shared resource with race condition is: <number>
