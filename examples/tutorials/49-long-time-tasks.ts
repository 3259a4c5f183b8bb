// Four workers and five tasks: the last one starts when the first of the others has ended. (The
// original's tasks take up to 3 s.)
import { setTimeout as sleep } from 'node:timers/promises';

import { isMainProcess, Pool } from 'node-multiprocessing';

export async function longTimeTask(name: number): Promise<void> {
  console.log(`Run task ${name} (${process.pid})...`);
  const startMs = performance.now();
  await sleep(100 + 200 * Math.random());
  const took = ((performance.now() - startMs) / 1000).toFixed(2);
  console.log(`Task ${name} (${process.pid}) runs ${took} seconds.`);
}

async function main(): Promise<void> {
  console.log(`Parent process ${process.pid}.`);
  const pool = new Pool(4);
  for (let i = 0; i < 5; i++) pool.applyAsync(longTimeTask, [i]);
  console.log('Waiting for all subprocesses done...');
  pool.close();
  await pool.join();
  console.log('All subprocesses done.');
}

if (isMainProcess()) void main();

// Prints:
// Parent process <number>.
// Waiting for all subprocesses done...
// Prints, in any order:
// Run task 0 (<number>)...
// Run task 1 (<number>)...
// Run task 2 (<number>)...
// Run task 3 (<number>)...
// Run task 4 (<number>)...
// Task 0 (<number>) runs <number> seconds.
// Task 1 (<number>) runs <number> seconds.
// Task 2 (<number>) runs <number> seconds.
// Task 3 (<number>) runs <number> seconds.
// Task 4 (<number>) runs <number> seconds.
// Prints:
// All subprocesses done.
