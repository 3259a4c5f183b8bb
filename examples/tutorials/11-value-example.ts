// A shared number, added to by five processes under the lock that it has.
import * as mp from 'node-multiprocessing';

export function worker(shared: mp.Value<'i'>): void {
  for (let i = 0; i < 100_000; i++) {
    shared.runExclusiveSync(() => (shared.value += 1));
  }
}

async function main(): Promise<void> {
  const shared = new mp.Value('i', 0);
  const workers = Array.from(
    { length: 5 },
    () => new mp.Process({ target: worker, args: [shared] }),
  );
  for (const child of workers) await child.start();
  for (const child of workers) await child.join();
  console.log(`最终共享值: ${shared.value}`);
}

if (mp.isMainProcess()) void main();

// Prints:
// 最终共享值: 500000
