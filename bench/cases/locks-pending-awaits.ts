/**
 * 10,000 pending awaits in one process, each on a Lock of its own that another process holds:
 * what they cost in memory and threads, how fast one of them is woken, and whether the process
 * can still read files, resolve names and hash meanwhile (a wait that occupied libuv's pool would
 * stop these). At the end all locks are released and every await must resolve.
 */
import { pbkdf2 } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as mp from 'node-multiprocessing';
import { nowNs } from '../harness/clock.js';
import {
  dismiss,
  isPartner,
  ready,
  receive,
  receiveSetup,
  send,
  startPartner,
} from '../harness/partner.js';
import { latencyMetrics, report, type Metrics } from '../harness/report.js';
import { median } from '../harness/stats.js';

const awaitCount = 10_000;
const wakeCount = 300;
const releaseTheRest = -1;

/** Holds every lock; releases the one it is told to and answers with the time of the release. */
async function runPartner(): Promise<void> {
  const locks = (await receiveSetup()).objects as mp.Lock[];
  for (const lock of locks) lock.acquireSync();
  process.on('message', (index: number) => {
    if (index === releaseTheRest) {
      for (const lock of locks.slice(wakeCount)) lock.release();
      return;
    }
    const releasedNs = nowNs();
    locks[index]?.release();
    send(process, releasedNs);
  });
  ready();
}

/** Wakes one await after the other, and measures from the release there to the promise here. */
async function wakeLatencies(
  partner: Awaited<ReturnType<typeof startPartner>>,
  wokenNs: readonly Promise<number>[],
): Promise<number[]> {
  const latenciesNs: number[] = [];
  for (let i = 0; i < wakeCount; i++) {
    const released = receive(partner);
    send(partner, i);
    latenciesNs.push(((await wokenNs[i]) ?? Number.NaN) - ((await released) as number));
  }
  return latenciesNs;
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startNs = nowNs();
  await work();
  return (nowNs() - startNs) / 1e6;
}

/** The things that need libuv's thread pool, in ms: medians of 9. */
async function poolTimes(prefix: string): Promise<Metrics> {
  const works: Record<string, () => Promise<unknown>> = {
    FsMs: () => readFile(__filename),
    DnsMs: () => lookup('localhost'),
    CryptoMs: () => promisify(pbkdf2)('password', 'salt', 10_000, 32, 'sha256'),
  };
  const times: Record<string, number> = {};
  for (const [name, work] of Object.entries(works)) {
    const runs: number[] = [];
    for (let i = 0; i < 9; i++) runs.push(await elapsedMs(work));
    times[prefix + name] = median(runs);
  }
  return times;
}

function threadCount(): number {
  return Number(/^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

function residentBytes(): number {
  // Garbage of the start-up must not count as, or hide, memory of the awaits.
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

async function run(): Promise<void> {
  const locks = Array.from({ length: awaitCount }, () => new mp.Lock());
  const partner = await startPartner(__filename, locks);
  const idle = await poolTimes('idle');
  const rssBefore = residentBytes();
  const threadsBefore = threadCount();
  const startNs = nowNs();
  const woken = locks.map((lock) => lock.acquire().then(() => nowNs()));
  const registerNs = nowNs() - startNs;
  const pending = await poolTimes('pending');
  const metrics = {
    rssBytesPerAwait: (residentBytes() - rssBefore) / awaitCount,
    threadsAdded: threadCount() - threadsBefore,
    registerUsPerAwait: registerNs / awaitCount / 1000,
    ...idle,
    ...pending,
    ...latencyMetrics(await wakeLatencies(partner, woken), 'wake'),
  };
  const drainMs = await elapsedMs(async () => {
    send(partner, releaseTheRest);
    await Promise.all(woken);
  });
  dismiss(partner);
  report({ ...metrics, drainMs });
}

void (isPartner() ? runPartner() : run());
