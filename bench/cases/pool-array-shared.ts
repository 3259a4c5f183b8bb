/** The same with a shared Array, of which a handle travels. */
import * as mp from 'node-multiprocessing';

import { groupCpuNs } from '../harness/cpu.js';
import { measuredMs, nowNs } from '../harness/clock.js';
import { arrayLength, touchShared } from '../harness/pool-tasks.js';
import { latencyMetrics, report } from '../harness/report.js';

const warmUpTasks = 1000;

async function run(): Promise<void> {
  await using pool = new mp.Pool(2);
  const array = new mp.RawArray('d', arrayLength);
  for (let i = 0; i < warmUpTasks; i++) await pool.apply(touchShared, [array]);
  if (array[0] !== warmUpTasks) throw new Error('not what was expected');
  const latenciesNs: number[] = [];
  const cpuNs = groupCpuNs();
  for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
    const startNs = nowNs();
    await pool.apply(touchShared, [array]);
    latenciesNs.push(nowNs() - startNs);
  }
  const cpuUs = (groupCpuNs() - cpuNs) / 1000 / latenciesNs.length;
  report({ ...latencyMetrics(latenciesNs), cpuUs });
}

if (mp.isMainProcess()) void run();
