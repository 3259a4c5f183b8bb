// A process with arguments. Python's keyword arguments are an object.
import * as mp from 'node-multiprocessing';

interface Options {
  readonly greeting: string;
  readonly times: number;
}

export function task(name: string, { greeting, times }: Options): void {
  console.log(`${greeting} ${name}! `.repeat(times).trim());
}

async function main(): Promise<void> {
  const child = new mp.Process({ target: task, args: ['Ada', { greeting: 'Hello', times: 2 }] });
  await child.start();
  await child.join();
}

if (mp.isMainProcess()) void main();

// Prints:
// Hello Ada! Hello Ada!
