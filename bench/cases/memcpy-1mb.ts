/** What copying 1 MB costs by itself: four times, as often as an array there and back is copied. */
import { measuredMs, nowNs } from '../harness/clock.js';
import { arrayLength } from '../harness/pool-tasks.js';
import { latencyMetrics, report } from '../harness/report.js';

const from = new Float64Array(arrayLength).fill(1);
const to = new Float64Array(new SharedArrayBuffer(8 * arrayLength));
const latenciesNs: number[] = [];
for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
  const startNs = nowNs();
  for (let i = 0; i < 2; i++) {
    to.set(from);
    from.set(to);
  }
  latenciesNs.push(nowNs() - startNs);
}
report(latencyMetrics(latenciesNs));
