/** Many tasks at a time: rounds of them, each of which ends before the next begins. */
import { measuredMs, nowNs } from './clock.js';
import { groupCpuNs } from './cpu.js';
import { report } from './report.js';
import { median } from './stats.js';

const rounds = 7;
/** Until processes that were just forked have compiled what they run. */
const warmUpMs = 1000;

/**
 * Measures `round(count)`, with as many tasks as fill a seventh of the measured time. `perSecond` is
 * that of the median round, `cpuUs` the processor time of all that take part, for each task.
 */
export async function measureTasks(
  round: (count: number) => Promise<unknown>,
  first: number,
): Promise<void> {
  const timed = async (count: number): Promise<number> => {
    const startNs = nowNs();
    await round(count);
    return nowNs() - startNs;
  };
  const wantedNs = (measuredMs() * 1e6) / rounds;
  let count = first;
  for (const untilNs = nowNs() + warmUpMs * 1e6; nowNs() < untilNs;) {
    const elapsedNs = await timed(count);
    count = Math.ceil(Math.min(Math.max((count * wantedNs) / elapsedNs, first), 4 * count));
  }
  const rates: number[] = [];
  const cpuNs = groupCpuNs();
  for (let i = 0; i < rounds; i++) rates.push((count * 1e9) / (await timed(count)));
  const cpuUs = (groupCpuNs() - cpuNs) / 1000 / rounds / count;
  report({ perSecond: median(rates), cpuUs });
}
