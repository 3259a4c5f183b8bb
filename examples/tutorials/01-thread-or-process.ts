// The same function in a thread and in a process.
import * as mp from 'node-multiprocessing';

export function work(): void {
  const where = mp.isMainProcess() ? 'here' : 'elsewhere';
  console.log(`working ${where}`);
}

async function main(): Promise<void> {
  for (const Kind of [mp.threading.Thread, mp.Process]) {
    const worker = new Kind({ target: work });
    await worker.start();
    await worker.join();
  }
}

if (mp.isMainProcess()) void main();

// Prints:
// working elsewhere
// working elsewhere
