/** `postMessage` from a worker thread. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { arrivals } from '../harness/arrivals.js';
import { chosenPayload } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

/** A port takes as much as memory has: so many are sent before the receiver says to go on. */
const atOnce = 256;

function runWorker(): void {
  const { make } = chosenPayload();
  parentPort?.on('message', (count: number) => {
    for (let i = 0; i < count; i++) parentPort?.postMessage(make(i));
  });
  parentPort?.postMessage('ready');
}

async function run(): Promise<void> {
  const worker = new Worker(__filename);
  await once(worker, 'message');
  const { arrived, take } = arrivals();
  worker.on('message', arrived);
  const payload = chosenPayload();
  const most = payload.bytes > 2 ** 12 ? 16 : atOnce;
  let left = 0;
  const more = (): void => {
    const count = Math.min(left, most);
    left -= count;
    if (count > 0) worker.postMessage(count);
  };
  let seen = 0;
  worker.on('message', () => {
    if (++seen % most === most / 2) more();
  });
  const order = (count: number): void => {
    left += count;
    seen = 0;
    more();
    more();
  };
  await measureStream({ order, take }, payload);
  await worker.terminate();
}

if (isMainThread) void run();
else runWorker();
