/**
 * Messages per second from a process that sends as it is told to one that takes them and looks at
 * the clock. In rounds whose length is agreed in advance, so that neither side reads a flag.
 */
import { measuredMs, nowNs } from './clock.js';
import type { Payload } from './payloads.js';
import { report } from './report.js';
import { median } from './stats.js';

const rounds = 5;
const warmUpNs = 300e6;

export interface Stream {
  /** Tells the sender to send so many. */
  readonly order: (count: number) => void;
  /** Takes so many. */
  readonly take: (count: number) => void | Promise<void>;
}

/** Reports `perSecond`, and `bytesPerSecond` where the payload is data. */
export async function measureStream({ order, take }: Stream, payload: Payload): Promise<void> {
  const timed = async (count: number): Promise<number> => {
    // From the order on: a sender that is ahead has worked for it.
    const startNs = nowNs();
    order(count);
    const done = take(count);
    if (done !== undefined) await done;
    return nowNs() - startNs;
  };
  const roundNs = (measuredMs() * 1e6) / rounds;
  let { count } = payload;
  for (const untilNs = nowNs() + warmUpNs; nowNs() < untilNs;) {
    const elapsedNs = await timed(count);
    count = Math.max(10, Math.min(4 * count, Math.round((count * roundNs) / elapsedNs)));
  }
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    rates.push((count * 1e9) / (await timed(count)));
  }
  const perSecond = median(rates);
  report({
    perSecond,
    ...(payload.bytes > 0 ? { bytesPerSecond: perSecond * payload.bytes } : {}),
  });
}
