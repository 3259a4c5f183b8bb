/** Round trips, each timed: there, and back. */
import { measuredMs, nowNs } from './clock.js';
import { latencyMetrics, report } from './report.js';

const warmUpTrips = 2000;

export function measureTrips(trip: (i: number) => void): void {
  for (let i = 0; i < warmUpTrips; i++) trip(i);
  const latenciesNs: number[] = [];
  for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
    const startNs = nowNs();
    trip(latenciesNs.length);
    latenciesNs.push(nowNs() - startNs);
  }
  report(latencyMetrics(latenciesNs));
}

export async function measureAsyncTrips(trip: (i: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < warmUpTrips; i++) await trip(i);
  const latenciesNs: number[] = [];
  for (const untilNs = nowNs() + measuredMs() * 1e6; nowNs() < untilNs;) {
    const startNs = nowNs();
    await trip(latenciesNs.length);
    latenciesNs.push(nowNs() - startNs);
  }
  report(latencyMetrics(latenciesNs));
}
