// Tutorial 5: a pool maps a function, and is asked for single results.
import { isMainProcess, Pool } from 'node-multiprocessing';

export const cube = (x: number): number => x ** 3;

if (isMainProcess()) {
  void main();
}

async function main(): Promise<void> {
  const pool = new Pool(4);
  console.log('map 方法结果:', await pool.map(cube, [1, 2, 3, 4, 5]));
  const results = [6, 7, 8, 9, 10].map((x) => pool.applyAsync(cube, [x]));
  for (const result of results) console.log(await result.get());
  pool.terminate();
  await pool.join();
}

// Prints:
// map 方法结果: [ 1, 8, 27, 64, 125 ]
// 216
// 343
// 512
// 729
// 1000
