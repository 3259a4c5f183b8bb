// The other party of the lifetime tests: holds what it is told to, as a process or as a thread.
import { isMainThread, parentPort } from 'node:worker_threads';

import { handleOf } from '#internal/memory/handles';
import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage.js';

let kept: object[] = [];

const commands = {
  keep(handles: readonly mp.SharedHandle[]): void {
    for (const handle of handles) kept.push(mp.attach(handle));
  },
  /** Attaches, and keeps nothing. */
  async touch(handles: readonly mp.SharedHandle[]): Promise<void> {
    for (const handle of handles) mp.attach(handle);
    await collectGarbage();
  },
  /** Of each Array only a part, of which ordinary typed arrays are made. */
  async keepParts(begin: number, end: number): Promise<void> {
    kept = (kept as mp.RawArray<'d'>[]).map((array) => array.subarray(begin, end));
    await collectGarbage();
  },
  read(): number[][] {
    return (kept as Float64Array[]).map((array) => [...array]);
  },
  async drop(): Promise<void> {
    kept = [];
    await collectGarbage();
  },
  make(value: number): mp.SharedHandle {
    return mp.share(new mp.Value('i', value));
  },
  /** A handle that lives with its receiver. */
  makeFor(receiver: number, value: number): mp.SharedHandle {
    return handleOf(new mp.Value('i', value), receiver)!;
  },
  makeTree(): { pid: number; descriptor: number } {
    const array = new mp.Array('d', 1000);
    kept.push(array);
    return mp.share(array).place;
  },
  end(): void {
    if (isMainThread) process.disconnect();
    else parentPort!.close();
  },
} as const;

export type Commands = typeof commands;
export interface Request {
  readonly id: number;
  readonly command: keyof Commands;
  readonly args: readonly unknown[];
}

function run(command: keyof Commands, args: readonly unknown[]): unknown {
  const all: Record<string, (...args: never[]) => unknown> = commands;
  return all[command]!(...(args as never[]));
}

async function serve({ id, command, args }: Request): Promise<void> {
  const answer = { id, value: await run(command, args) };
  if (parentPort !== null) parentPort.postMessage(answer);
  else if (process.connected) process.send?.(answer);
}

(parentPort ?? process).on('message', (request: Request) => {
  void serve(request);
});
