/** What the workers of all pools run. */
export const arrayLength = 2 ** 17;

export function double(x: number): number {
  return x * 2;
}

export function doubleAll(items: readonly number[]): number[] {
  return items.map(double);
}

/** Keeps a processor busy for a while. */
export function busy(ms: number): number {
  const untilMs = performance.now() + ms;
  let turns = 0;
  while (performance.now() < untilMs) turns += 1;
  return turns;
}

/** The smallest change there is: what takes time is the way there and back. */
export function touch(array: Float64Array): Float64Array {
  array[0]! += 1;
  return array;
}

/** The same for an array that need not come back. */
export function touchShared(array: Float64Array): number {
  return (array[0]! += 1);
}

export type TaskName = 'double' | 'doubleAll' | 'busy' | 'touch';
