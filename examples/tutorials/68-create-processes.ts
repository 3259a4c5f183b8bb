// Five processes, one after another.
import * as mp from 'node-multiprocessing';

export function foo(i: number): void {
  console.log(`called function in process: ${i}`);
}

async function main(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const child = new mp.Process({ target: foo, args: [i] });
    await child.start();
    await child.join();
  }
}

if (mp.isMainProcess()) void main();

// Prints:
// called function in process: 0
// called function in process: 1
// called function in process: 2
// called function in process: 3
// called function in process: 4
