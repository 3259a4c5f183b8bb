/** A Float64Array of 1 MB there and back, one after the other. `pool-array.js <ms> <pool>` */
import * as mp from 'node-multiprocessing';

import { measuredMs, nowNs } from '../harness/clock.js';
import { groupCpuNs } from '../harness/cpu.js';
import { arrayLength } from '../harness/pool-tasks.js';
import { chosenPool, endPool } from '../harness/pools.js';
import { latencyMetrics, report } from '../harness/report.js';

const warmUpTasks = 100;

async function run(): Promise<void> {
  const pool = await chosenPool();
  const array = new Float64Array(arrayLength).fill(1);
  const trip = async (): Promise<void> => {
    const back = (await pool.run('touch', array)) as Float64Array;
    if (back[0] !== 2 || back.length !== arrayLength) throw new Error('not what was expected');
  };
  for (let i = 0; i < warmUpTasks; i++) await trip();
  const latenciesNs: number[] = [];
  const cpuNs = groupCpuNs();
  for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
    const startNs = nowNs();
    await trip();
    latenciesNs.push(nowNs() - startNs);
  }
  const cpuUs = (groupCpuNs() - cpuNs) / 1000 / latenciesNs.length;
  report({ ...latencyMetrics(latenciesNs), cpuUs });
  await endPool(pool);
}

if (mp.isMainProcess()) void run();
