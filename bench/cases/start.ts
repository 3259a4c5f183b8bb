/**
 * From the start of a process, or of a Worker, to the first line of the user's code in it.
 * `start.js <ms> <way> [module]`: the way of starting, and a module that the program has loaded.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as mp from 'node-multiprocessing';

import { measuredMs, nowNs } from '../harness/clock.js';
import { report } from '../harness/report.js';
import { median } from '../harness/stats.js';

const [, , , way = 'forkserver', preload] = process.argv;
const partWord = '--part';
// eslint-disable-next-line @typescript-eslint/no-require-imports -- which one, the command line says
if (preload !== undefined && preload !== partWord) require(preload);

interface FirstLine {
  readonly nowNs: number;
  readonly ussBytes: number;
}

/** What the process has for itself alone. */
function ownBytes(): number {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  const kilobytes = [...rollup.matchAll(/^Private_\w+: +(\d+)/gm)].map(([, size]) => Number(size));
  return kilobytes.reduce((sum, size) => sum + size, 0) * 1024;
}

export function firstLine(): FirstLine {
  const atNs = nowNs();
  return { nowNs: atNs, ussBytes: ownBytes() };
}

interface Start extends FirstLine {
  readonly startedNs: number;
}

async function startOurs(): Promise<Start> {
  const child = new mp.Process({ target: firstLine });
  await child.start();
  const startedNs = nowNs();
  const line = await child.result();
  await child.join();
  return { startedNs, ...line };
}

async function startChildProcess(): Promise<Start> {
  const child = fork(__filename, [...process.argv.slice(2), partWord]);
  const startedNs = nowNs();
  const [message] = await Promise.all([once(child, 'message'), once(child, 'exit')]);
  return { startedNs, ...(message[0] as FirstLine) };
}

async function startWorker(): Promise<Start> {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) });
  const startedNs = nowNs();
  const [message] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return { startedNs, ...(message[0] as FirstLine) };
}

const ways: Readonly<Record<string, () => Promise<Start>>> = {
  'child_process.fork': startChildProcess,
  Worker: startWorker,
};

async function run(): Promise<void> {
  const start = ways[way] ?? startOurs;
  if (start === startOurs) mp.setStartMethod(way as mp.StartMethod);
  const times: Record<'startMs' | 'firstLineMs' | 'ussBytes', number[]> = {
    startMs: [],
    firstLineMs: [],
    ussBytes: [],
  };
  const firstNs = nowNs();
  const first = await start();
  const count = measuredMs() >= 300 ? 50 : 15;
  for (let i = 0; i < count; i++) {
    const beforeNs = nowNs();
    const line = await start();
    times.startMs.push((line.startedNs - beforeNs) / 1e6);
    times.firstLineMs.push((line.nowNs - beforeNs) / 1e6);
    times.ussBytes.push(line.ussBytes);
  }
  const medians = Object.entries(times).map(([name, values]) => [name, median(values)] as const);
  report({ ...Object.fromEntries(medians), firstMs: (first.nowNs - firstNs) / 1e6 });
}

if (!isMainThread) parentPort?.postMessage(firstLine());
else if (process.argv.includes(partWord)) process.send?.(firstLine());
else if (mp.isMainProcess()) void run();
