/** One task after the other, each awaited. `pool-latency.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { measuredMs, nowNs } from '../harness/clock.js';
import { groupCpuNs } from '../harness/cpu.js';
import { chosenPool, endPool } from '../harness/pools.js';
import { latencyMetrics, report } from '../harness/report.js';

const warmUpTasks = 3000;

async function run(): Promise<void> {
  const pool = await chosenPool();
  for (let i = 0; i < warmUpTasks; i++) await pool.run('double', i);
  const latenciesNs: number[] = [];
  const cpuNs = groupCpuNs();
  for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
    const startNs = nowNs();
    await pool.run('double', latenciesNs.length);
    latenciesNs.push(nowNs() - startNs);
  }
  const cpuUs = (groupCpuNs() - cpuNs) / 1000 / latenciesNs.length;
  report({ ...latencyMetrics(latenciesNs), cpuUs });
  await endPool(pool);
}

if (mp.isMainProcess()) void run();
