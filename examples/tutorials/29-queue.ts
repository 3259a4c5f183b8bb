// A queue of three: full, and empty again.
import * as mp from 'node-multiprocessing';

async function main(): Promise<void> {
  const queue = new mp.Queue<number>(3);
  for (const item of [1, 2, 3]) await queue.put(item);
  console.log('满了', queue.full());
  console.log('还能放', queue.tryPut(4));
  for (let i = 0; i < 3; i++) console.log(await queue.get());
  console.log('空了', queue.empty());
  await queue.get({ timeout: 10 }).catch((error: unknown) => {
    console.log(error instanceof mp.QueueEmptyError);
  });
}

if (mp.isMainProcess()) void main();

// Prints:
// 满了 true
// 还能放 false
// 1
// 2
// 3
// 空了 true
// true
