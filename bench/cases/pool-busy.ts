/** Tasks that take 1 ms of a processor. `pool-busy.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { chosenPool, endPool } from '../harness/pools.js';
import { measureTasks } from '../harness/task-rounds.js';

const taskMs = 1;

async function run(): Promise<void> {
  const pool = await chosenPool();
  await measureTasks((count) => {
    const results: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) results.push(pool.run('busy', taskMs));
    return Promise.all(results);
  }, 10);
  await endPool(pool);
}

if (mp.isMainProcess()) void run();
