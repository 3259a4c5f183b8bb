/** How long `await acquire()` takes in a third process while two others hammer the Lock. */
import { setTimeout as pause } from 'node:timers/promises';
import { nowNs } from '../harness/clock.js';
import { gatherCrowd, uncountedWaits, waitCount } from '../harness/crowd.js';
import { latencyMetrics, report } from '../harness/report.js';

async function run(): Promise<void> {
  const { lock, disperse } = await gatherCrowd();
  const waitedNs: number[] = [];
  for (let i = 0; i < uncountedWaits + waitCount(); i++) {
    const startNs = nowNs();
    await lock.acquire();
    waitedNs.push(nowNs() - startNs);
    lock.release();
    // So that every wait begins in the middle of the crowd's fight, not right behind the last one.
    await pause(1);
  }
  disperse();
  report(latencyMetrics(waitedNs.slice(uncountedWaits)));
}

void run();
