// Ways to another party of a test: a stranger's process, a worker thread, and a process of each start
// method. Each carries requests there and answers back.
import { fork } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as mp from 'node-multiprocessing';

import { serveConnection, type Answer, type Request } from './party-main.js';

/** `process`: of child_process, which reaches shared objects by their handles alone. */
export type PartyKind = 'process' | 'worker' | mp.StartMethod;

export interface Link {
  readonly pid: number;
  /** Resolves when the other side is gone, whoever ended it. */
  readonly ended: Promise<unknown>;
  post(request: Request): void;
  /** Ends the other side at once. */
  kill(): void;
}

type Listener = (answer: Answer) => void;

const program = join(__dirname, 'party-main.js');

function processLink(listener: Listener): Link {
  const child = fork(program, { serialization: 'advanced' });
  child.on('message', listener);
  return {
    pid: child.pid ?? 0,
    ended: once(child as EventEmitter, 'exit'),
    post: (request) => child.send(request),
    kill: () => child.kill('SIGKILL'),
  };
}

function workerLink(listener: Listener): Link {
  const worker = new Worker(program);
  worker.on('message', listener);
  return {
    pid: process.pid,
    ended: once(worker as EventEmitter, 'exit'),
    post: (request) => {
      worker.postMessage(request);
    },
    kill: () => void worker.terminate(),
  };
}

async function ownLink(method: mp.StartMethod, listener: Listener): Promise<Link> {
  const [here, there] = mp.Pipe();
  const { Process } = mp.getContext(method);
  const child = new Process({ target: serveConnection, args: [there] });
  await child.start();
  const ended = child.join();
  void pass(here, listener);
  return {
    pid: child.pid ?? 0,
    ended,
    post: (request) => void here.send(request).catch(() => undefined),
    kill: () => {
      child.kill();
    },
  };
}

/** Hears answers until the other side is gone. */
async function pass(connection: mp.Connection, listener: Listener): Promise<void> {
  try {
    for (;;) listener((await connection.recv()) as Answer);
  } catch (error) {
    if (!(error instanceof mp.EOFError)) throw error;
  } finally {
    connection.close();
  }
}

/** Starts the other side; `listener` hears its answers. */
export async function openLink(kind: PartyKind, listener: Listener): Promise<Link> {
  if (kind === 'process') return processLink(listener);
  if (kind === 'worker') return workerLink(listener);
  return ownLink(kind, listener);
}
