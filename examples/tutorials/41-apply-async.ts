// Calls of a pool, all submitted at once: three run at a time. (The original takes 3 s for each.)
import { setTimeout as sleep } from 'node:timers/promises';

import { isMainProcess, Pool, type AsyncResult } from 'node-multiprocessing';

export async function work(n: number): Promise<number> {
  console.log(`${process.pid} run ${n}`);
  await sleep(50);
  return n ** 2;
}

async function main(): Promise<void> {
  const pool = new Pool(3);
  const results: AsyncResult<number>[] = [];
  for (let i = 0; i < 10; i++) results.push(pool.applyAsync(work, [i]));
  pool.close();
  await pool.join();
  for (const result of results) console.log(await result.get());
}

if (isMainProcess()) void main();

// Prints, in any order:
// <number> run 0
// <number> run 1
// <number> run 2
// <number> run 3
// <number> run 4
// <number> run 5
// <number> run 6
// <number> run 7
// <number> run 8
// <number> run 9
// Prints:
// 0
// 1
// 4
// 9
// 16
// 25
// 36
// 49
// 64
// 81
