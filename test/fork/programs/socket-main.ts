// A program that listens as soon as it is loaded: its server cannot be forked.
import { createServer } from 'node:net';
import { isMainProcess, Process } from 'node-multiprocessing';

import { isForked } from './is-forked.js';

const server = createServer().listen(0);

async function main(): Promise<void> {
  const answers = [];
  for (let i = 0; i < 2; i++) {
    const process = new Process({ target: isForkedOnce });
    await process.start();
    answers.push(await process.result());
    await process.join();
  }
  console.log(...answers);
  server.close();
}

export function isForkedOnce(): boolean {
  server.close();
  return isForked();
}

if (isMainProcess()) void main();
