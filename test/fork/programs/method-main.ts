// Prints the default start method, and whether its children are forked.
import { getStartMethod, isMainProcess, Process } from 'node-multiprocessing';

import { isForked } from './is-forked.js';

async function main(): Promise<void> {
  const process = new Process({ target: isForked });
  await process.start();
  console.log(getStartMethod(), await process.result());
}

if (isMainProcess()) void main();
