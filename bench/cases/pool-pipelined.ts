/** Many tasks at a time, by the call for one task. `pool-pipelined.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { chosenPool, endPool } from '../harness/pools.js';
import { measureTasks } from '../harness/task-rounds.js';

async function run(): Promise<void> {
  const pool = await chosenPool();
  await measureTasks((count) => {
    const results: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) results.push(pool.run('double', i));
    return Promise.all(results);
  }, 500);
  await endPool(pool);
}

if (mp.isMainProcess()) void run();
