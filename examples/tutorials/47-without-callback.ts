// Tutorial 47: no callback is needed where the results are collected at the end.
import { setTimeout as sleep } from 'node:timers/promises';

import { isMainProcess, Pool, type AsyncResult } from 'node-multiprocessing';

export async function work(n: number): Promise<number> {
  await sleep(10);
  return n ** 2;
}

if (isMainProcess()) {
  void main();
}

async function main(): Promise<void> {
  const pool = new Pool();
  const results: AsyncResult<number>[] = [];
  for (let i = 0; i < 10; i += 1) results.push(pool.applyAsync(work, [i]));
  pool.close();
  await pool.join();
  const values: number[] = [];
  for (const result of results) values.push(await result.get());
  console.log(`[${values.join(', ')}]`);
}

// Prints:
// [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
