/**
 * Two processes fight for one Lock: acquisitions per second of both together.
 *
 * The procedure of peers/contended.cc: each party on a CPU of its own, a common start, a lead-in that is not counted, and the clock
 * read once in 256 acquisitions. The C peer counts in shared memory, under its mutex; here each
 * process counts for itself while it measures, and the lead-in checks that the lock excludes: its
 * owner must always find a second Lock free.
 */
import * as mp from 'node-multiprocessing';
import { measuredMs, nowNs } from '../harness/clock.js';
import {
  dismiss,
  isPartner,
  ready,
  receive,
  receiveSetup,
  send,
  startPartner,
} from '../harness/partner.js';
import { pinParty } from '../harness/pin.js';
import { report } from '../harness/report.js';

const leadInNs = 100e6;
const burst = 256;

interface Score {
  readonly count: number;
  readonly elapsedNs: number;
}

function acquireUntil(lock: mp.Lock, endNs: number): number {
  let count = 0;
  while (nowNs() < endNs) {
    for (let i = 0; i < burst; i++) {
      lock.acquireSync();
      lock.release();
    }
    count += burst;
  }
  return count;
}

function checkExclusionUntil(lock: mp.Lock, inner: mp.Lock, endNs: number): void {
  while (nowNs() < endNs) {
    for (let i = 0; i < burst; i++) {
      lock.acquireSync();
      if (!inner.tryAcquire()) throw new Error('two processes hold the lock at once');
      inner.release();
      lock.release();
    }
  }
}

interface Arms {
  readonly lock: mp.Lock;
  readonly inner: mp.Lock;
}

function fight({ lock, inner }: Arms, party: number, measuredFromNs: number): Score {
  checkExclusionUntil(lock, inner, measuredFromNs - leadInNs);
  pinParty(party);
  acquireUntil(lock, measuredFromNs);
  const startNs = nowNs();
  const count = acquireUntil(lock, measuredFromNs + measuredMs() * 1e6);
  return { count, elapsedNs: nowNs() - startNs };
}

/** Compiles the loop before the fight, on a Lock of this process. */
function warmUp(): void {
  acquireUntil(new mp.Lock(), nowNs() + 150e6);
}

async function runPartner(): Promise<void> {
  const { objects } = await receiveSetup();
  const [lock, inner] = objects as [mp.Lock, mp.Lock];
  warmUp();
  ready();
  send(process, fight({ lock, inner }, 1, (await receive(process)) as number));
}

async function run(): Promise<void> {
  const lock = new mp.Lock();
  const inner = new mp.Lock();
  warmUp();
  const partner = await startPartner(__filename, [lock, inner]);
  const measuredFromNs = nowNs() + 2 * leadInNs;
  send(partner, measuredFromNs);
  const mine = fight({ lock, inner }, 0, measuredFromNs);
  const theirs = (await receive(partner)) as Score;
  dismiss(partner);
  const perSecond = ({ count, elapsedNs }: Score): number => (count * 1e9) / elapsedNs;
  report({
    perSecond: perSecond(mine) + perSecond(theirs),
    smallerShare: Math.min(mine.count, theirs.count) / (mine.count + theirs.count),
  });
}

void (isPartner() ? runPartner() : run());
