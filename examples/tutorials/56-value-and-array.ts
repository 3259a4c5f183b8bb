// A number and an array that a child changes.
import * as mp from 'node-multiprocessing';

export function worker(num: mp.Value<'i'>, arr: mp.Array<'i'>): void {
  num.value += 10;
  for (let i = 0; i < arr.length; i++) arr[i]! *= 2;
}

async function main(): Promise<void> {
  const num = new mp.Value('i', 5);
  const arr = new mp.Array('i', [1, 2, 3, 4]);
  const child = new mp.Process({ target: worker, args: [num, arr] });
  await child.start();
  await child.join();
  console.log(`num = ${num.value}`);
  console.log(`arr = [${arr.join(', ')}]`);
}

if (mp.isMainProcess()) void main();

// Prints:
// num = 15
// arr = [2, 4, 6, 8]
