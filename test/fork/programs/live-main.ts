// Forks a child that loops, and prints its number.
import { getContext, type Process } from 'node-multiprocessing';

async function main(): Promise<void> {
  const child: Process = new (getContext('fork').Process)({
    target: () => {
      for (;;);
    },
  });
  await child.start();
  console.log(child.pid);
}

void main();
