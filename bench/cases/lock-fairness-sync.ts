/** How long a blocking `acquireSync()` takes while two other processes hammer the Lock. */
import { nowNs, sleepSync } from '../harness/clock.js';
import { gatherCrowd, uncountedWaits, waitCount } from '../harness/crowd.js';
import { latencyMetrics, report } from '../harness/report.js';

async function run(): Promise<void> {
  const { lock, disperse } = await gatherCrowd();
  // The crowd's start signal is written by the event loop, which the waits below would stop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const waitedNs: number[] = [];
  for (let i = 0; i < uncountedWaits + waitCount(); i++) {
    const startNs = nowNs();
    lock.acquireSync();
    waitedNs.push(nowNs() - startNs);
    lock.release();
    sleepSync(1);
  }
  disperse();
  report(latencyMetrics(waitedNs.slice(uncountedWaits)));
}

void run();
