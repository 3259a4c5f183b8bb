/** A number there and a number back by `postMessage` of a worker thread. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { measureAsyncTrips } from '../harness/trips.js';

async function run(): Promise<void> {
  const worker = new Worker(__filename);
  await measureAsyncTrips(async (i) => {
    const answer = once(worker, 'message');
    worker.postMessage(i);
    await answer;
  });
  await worker.terminate();
}

if (isMainThread) void run();
else parentPort?.on('message', (i: number) => parentPort?.postMessage(i));
