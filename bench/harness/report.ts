/** What a case tells the runner: one JSON line of named figures on stdout. */
import { percentile } from './stats.js';

/** Figures by name; the unit is part of the name (`ns`, `p50Us`, `perSecond`, `rssBytes`). */
export type Metrics = Readonly<Record<string, number>>;

export function report(metrics: Metrics): void {
  process.stdout.write(`${JSON.stringify({ metrics })}\n`);
}

/** The three figures of a latency, in µs, named with `prefix` when a case has several latencies. */
export function latencyMetrics(latenciesNs: ArrayLike<number>, prefix = ''): Metrics {
  const at = (p: number): number => percentile(latenciesNs, p) / 1000;
  const name = (figure: string): string =>
    prefix === '' ? figure : prefix + figure.charAt(0).toUpperCase() + figure.slice(1);
  return { [name('p50Us')]: at(0.5), [name('p99Us')]: at(0.99), [name('maxUs')]: at(1) };
}
