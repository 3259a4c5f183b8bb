/** The clock and the case's arguments: what every case file needs before it measures. */

/**
 * Monotonic time in nanoseconds, common to all processes of the machine (CLOCK_MONOTONIC), so that
 * a stamp taken in one process can be subtracted from one taken in another. As a number: exact to
 * 1 ns up to 104 days of uptime and to 2 ns afterwards, and cheaper to keep than a bigint.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** How long a case measures, warm-up not included: the case's first argument. */
export function measuredMs(): number {
  const given = Number(process.argv[2] ?? '300');
  if (!(given > 0)) throw new RangeError(`measured time in ms expected, got ${String(given)}`);
  return given;
}

/** Blocks the thread for a while without using the CPU: for cases that must not turn their loop. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
