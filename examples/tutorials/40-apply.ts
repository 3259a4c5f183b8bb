// Calls of a pool, each awaited before the next: one after another, by three workers in turn. (The
// original takes 3 s for each.)
import { setTimeout as sleep } from 'node:timers/promises';

import { isMainProcess, Pool } from 'node-multiprocessing';

export async function work(n: number): Promise<number> {
  console.log(`${process.pid} run ${n}`);
  await sleep(10);
  return n ** 2;
}

async function main(): Promise<void> {
  const pool = new Pool(3);
  const results: number[] = [];
  for (let i = 0; i < 10; i++) results.push(await pool.apply(work, [i]));
  console.log(results.join(', '));
  pool.terminate();
  await pool.join();
}

if (isMainProcess()) void main();

// Prints:
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
// 0, 1, 4, 9, 16, 25, 36, 49, 64, 81
