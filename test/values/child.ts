// A process or a thread that does one job with shared objects, for the tests of values.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import type { JobName } from './child-main';

/** Where a job runs; both back ends must see the same memory. */
export const places = ['wasm process', 'plain process', 'thread'] as const;
export type Place = (typeof places)[number];

const file = join(__dirname, 'child-main.js');
const watchdogMs = 15_000;

/** Runs a job elsewhere on the objects, and resolves with what it returned. */
export async function elsewhere(
  place: Place,
  job: JobName,
  ...objects: readonly object[]
): Promise<unknown> {
  const message = { job, handles: objects.map((object) => mp.share(object)) };
  return place === 'thread' ? inThread(message) : inProcess(message, place);
}

async function inThread(message: object): Promise<unknown> {
  const worker = new Worker(file, { workerData: message });
  const [result] = (await once(worker, 'message')) as [unknown];
  await worker.terminate();
  return result;
}

async function inProcess(message: object, place: Place): Promise<unknown> {
  const backend = place === 'plain process' ? 'plain' : 'wasm';
  const child = fork(file, {
    env: { ...process.env, NODE_MULTIPROCESSING_BACKEND: backend },
    serialization: 'advanced',
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), watchdogMs);
  try {
    child.send(message);
    const exited = once(child, 'exit');
    const [result] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => assert.fail('the child ended without a result')),
    ])) as [unknown];
    child.disconnect();
    await exited;
    return result;
  } finally {
    clearTimeout(watchdog);
  }
}
