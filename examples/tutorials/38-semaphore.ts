// Thirteen visitors, five places: at most five are inside at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

const visitors = 13;
const places = 5;

export async function visit(
  semaphore: mp.Semaphore,
  inside: mp.Value<'i'>,
  visits: mp.Value<'i'>,
): Promise<void> {
  await semaphore.runExclusive(async () => {
    if (inside.add(1) >= places) throw new Error('too many are inside');
    await sleep(5 + 10 * Math.random());
    visits.add(1);
    inside.sub(1);
  });
}

async function main(): Promise<void> {
  const semaphore = new mp.Semaphore(places);
  const inside = new mp.Value('i', 0);
  const visits = new mp.Value('i', 0);
  const children = Array.from(
    { length: visitors },
    () => new mp.Process({ target: visit, args: [semaphore, inside, visits] }),
  );
  for (const child of children) await child.start();
  for (const child of children) await child.result(); // throws what the child threw
  console.log(`${visits.value} 人来过, 里面还有 ${inside.value} 人`);
}

if (mp.isMainProcess()) void main();

// Prints:
// 13 人来过, 里面还有 0 人
