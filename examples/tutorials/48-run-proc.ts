// A child process and its parent, one after the other.
import * as mp from 'node-multiprocessing';

export function runProc(name: string): void {
  console.log(`Run child process ${name} (${process.pid})...`);
}

async function main(): Promise<void> {
  console.log(`Parent process ${process.pid}.`);
  const child = new mp.Process({ target: runProc, args: ['test'] });
  console.log('Child process will start.');
  await child.start();
  await child.join();
  console.log('Child process end.');
}

if (mp.isMainProcess()) void main();

// Prints:
// Parent process <number>.
// Child process will start.
// Run child process test (<number>)...
// Child process end.
