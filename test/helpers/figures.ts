// Measured figures, printed among the results of the tests that measure them.

/** The value below which the share `p` (0 … 1) of the values lies, by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(p * (sorted.length - 1))] ?? Number.NaN;
}

/** `0.12 ms` */
export const inMs = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;

/** p50, p99 and the largest, as text. */
export function spread(values: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((p) => inMs(percentile(values, p)));
  return `p50 ${p50}, p99 ${p99}, max ${most} of ${values.length}`;
}

/** Prints one line below the test's title. */
export function report(line: string): void {
  console.log(`      · ${line}`);
}
