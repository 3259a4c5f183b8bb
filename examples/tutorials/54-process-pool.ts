// Tutorial 54: a pool of three maps a function that takes its time.
import { setTimeout as sleep } from 'node:timers/promises';

import { isMainProcess, Pool } from 'node-multiprocessing';

export async function square(x: number): Promise<number> {
  await sleep(100);
  return x * x;
}

if (isMainProcess()) {
  void main();
}

async function main(): Promise<void> {
  const pool = new Pool(3);
  console.log('返回结果:', await pool.map(square, [0, 1, 2, 3, 4]));
  pool.terminate();
  await pool.join();
}

// Prints:
// 返回结果: [ 0, 1, 4, 9, 16 ]
