/** Many items in chunks. `pool-map.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { chosenPool, endPool } from '../harness/pools.js';
import { measureTasks } from '../harness/task-rounds.js';

async function run(): Promise<void> {
  const pool = await chosenPool();
  await measureTasks((count) => pool.map(Array.from({ length: count }, (_, i) => i)), 10_000);
  await endPool(pool);
}

if (mp.isMainProcess()) void run();
