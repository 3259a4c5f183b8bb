// Repeatable random numbers: a failing run names its seed.

/** Mulberry32: numbers in 0 … 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: MP_SEED, or a new one. */
export function runSeed(): number {
  return Number(process.env.MP_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** Keeps this thread busy, as work would; a timer would be too coarse. */
export function spinMicroseconds(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}
