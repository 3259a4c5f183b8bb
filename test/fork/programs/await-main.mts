// A program that waits at its top level for what never comes, in its forkserver.
import { currentProcess, isMainProcess, Process } from 'node-multiprocessing';

import { isForked } from './is-forked.js';

if (currentProcess().name === 'forkserver') await new Promise(() => undefined);

if (isMainProcess()) {
  const answers = [];
  for (let i = 0; i < 2; i++) {
    const process = new Process({ target: isForked });
    await process.start();
    answers.push(await process.result());
    await process.join();
  }
  console.log(...answers);
}
