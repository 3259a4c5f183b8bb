/**
 * Times a loop that a case file brings along.
 *
 * The loop lives in the case file and each case runs in a process of its own, so the call sites in
 * it have seen one class only: a loop shared by several cases would turn megamorphic and measure
 * the harness. The loop gets its number of rounds and reads no clock and no shared flag: a clock
 * costs as much as the lock, and an `Atomics` read between two rounds would be one more fence.
 *
 * Warm-up keeps the compilers out of the figures: the loop is entered afresh for every batch, so it
 * passes through V8's tiers and wasm's tier-up by ordinary calls before the first batch counts.
 */
import { measuredMs, nowNs } from './clock.js';
import { report } from './report.js';
import { median } from './stats.js';

const warmUpNs = 250e6;
const batchNs = 1e6;

/** Rounds that fill one batch, given how long `count` rounds took. */
function fitted(count: number, elapsedNs: number): number {
  return Math.min(Math.max(Math.round((count * batchNs) / Math.max(elapsedNs, 1)), 100), 1e6);
}

/**
 * `ns`: one round of the median batch; a batch that lost the CPU to another process does not move
 * it. `meanNs`: the mean of all batches, where such interruptions and garbage collection show.
 */
function reportBatches(elapsedNs: readonly number[], totalNs: number, count: number): void {
  report({ ns: median(elapsedNs) / count, meanNs: totalNs / elapsedNs.length / count });
}

/** Measures a loop that waits for nothing. */
export function measureBatches(loop: (count: number) => void): void {
  const timed = (count: number): number => {
    const startNs = nowNs();
    loop(count);
    return nowNs() - startNs;
  };
  let count = 100;
  for (const untilNs = nowNs() + warmUpNs; nowNs() < untilNs;) count = fitted(count, timed(count));
  const elapsedNs: number[] = [];
  let totalNs = 0;
  while (totalNs < measuredMs() * 1e6) {
    const batch = timed(count);
    elapsedNs.push(batch);
    totalNs += batch;
  }
  reportBatches(elapsedNs, totalNs, count);
}

/** The same for a loop that awaits. Apart from the above, so that neither sees the other's types. */
export async function measureAsyncBatches(loop: (count: number) => Promise<void>): Promise<void> {
  const timed = async (count: number): Promise<number> => {
    const startNs = nowNs();
    await loop(count);
    return nowNs() - startNs;
  };
  let count = 100;
  for (const untilNs = nowNs() + warmUpNs; nowNs() < untilNs;) {
    count = fitted(count, await timed(count));
  }
  const elapsedNs: number[] = [];
  let totalNs = 0;
  while (totalNs < measuredMs() * 1e6) {
    const batch = await timed(count);
    elapsedNs.push(batch);
    totalNs += batch;
  }
  reportBatches(elapsedNs, totalNs, count);
}
