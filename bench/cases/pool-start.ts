/** From the making of a pool to the first outcome of a task. `pool-start.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { measuredMs, nowNs } from '../harness/clock.js';
import { chosenPool } from '../harness/pools.js';
import { report } from '../harness/report.js';
import { median } from '../harness/stats.js';

async function startMs(): Promise<number> {
  const startNs = nowNs();
  const pool = await chosenPool();
  await pool.run('double', 1);
  const ms = (nowNs() - startNs) / 1e6;
  await pool.end();
  return ms;
}

async function run(): Promise<void> {
  const firstMs = await startMs();
  const times: number[] = [];
  const count = measuredMs() >= 300 ? 20 : 8;
  for (let i = 0; i < count; i++) times.push(await startMs());
  report({ firstMs, nextMs: median(times) });
  process.exit();
}

if (mp.isMainProcess()) void run();
