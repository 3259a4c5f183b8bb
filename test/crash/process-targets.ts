// What the processes of the crash tests run.
import type * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';

export function count(lock: mp.Lock, counter: mp.Value<'i'>, i: number): number {
  for (let round = 0; round < 10; round++) lock.runExclusiveSync(() => counter.value++);
  return i;
}

export function sum(
  numbers: readonly { readonly value: number }[],
  arrays: readonly Float64Array[],
): number {
  for (const array of arrays) array[0] = 1;
  return numbers.reduce((total, number) => total + number.value, 0);
}

/** Keeps a part of an array only, and looks at it again when it may. */
export async function keepSubarray(
  array: Int32Array,
  ready: mp.Semaphore,
  go: mp.Semaphore,
): Promise<number[]> {
  const part = array.subarray(2);
  await collectGarbage();
  ready.release();
  await go.acquire();
  return [...part];
}

export function loopForEver(): never {
  for (;;);
}

export function idle(): Promise<never> {
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
}
