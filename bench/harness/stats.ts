/** Order statistics, used by the cases and by the runner. */

/** The value below which the share `p` (0…1) of the values lies, by nearest rank. */
export function percentile(values: ArrayLike<number>, p: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.round(p * (sorted.length - 1))] ?? Number.NaN;
}

export function median(values: ArrayLike<number>): number {
  return percentile(values, 0.5);
}
