// A shared array, of which each process changes one element, under the lock that it has.
import * as mp from 'node-multiprocessing';

export function worker(shared: mp.Array<'i'>, index: number): void {
  for (let i = 0; i < 100_000; i++) {
    using _held = shared.guardSync();
    shared[index]! += 1;
  }
}

async function main(): Promise<void> {
  const shared = new mp.Array('i', [0, 0, 0]);
  const workers = [0, 1, 2].map(
    (index) => new mp.Process({ target: worker, args: [shared, index] }),
  );
  for (const child of workers) await child.start();
  for (const child of workers) await child.join();
  console.log(`最终共享数组: [${shared.join(', ')}]`);
}

if (mp.isMainProcess()) void main();

// Prints:
// 最终共享数组: [100000, 100000, 100000]
