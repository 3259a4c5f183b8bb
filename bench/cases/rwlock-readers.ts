/**
 * BENCH_PARTIES processes that read under one RWLock all the time: read pairs per second of all.
 *
 * The procedure of peers/meetings.cc: each party on a CPU of its own if there are as many, a common
 * start, a lead-in that is not counted, and the clock read once in 256 pairs.
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

function readUntil({ reader }: mp.RWLock, endNs: number): number {
  let count = 0;
  while (nowNs() < endNs) {
    for (let i = 0; i < burst; i++) {
      reader.acquireSync();
      reader.release();
    }
    count += burst;
  }
  return count;
}

/** Pairs per second of this process. */
function read(lock: mp.RWLock, party: number, measuredFromNs: number): number {
  pinParty(party);
  readUntil(lock, measuredFromNs);
  const startNs = nowNs();
  const count = readUntil(lock, measuredFromNs + measuredMs() * 1e6);
  return (count * 1e9) / (nowNs() - startNs);
}

/** `rounds` is the number of the party. */
async function runPartner(): Promise<void> {
  const { objects, rounds: party } = await receiveSetup();
  readUntil(new mp.RWLock(), nowNs() + leadInNs);
  ready();
  send(process, read(objects[0] as mp.RWLock, party, (await receive(process)) as number));
  // Until it is dismissed: others may be at it still.
  await receive(process);
}

async function run(): Promise<void> {
  const lock = new mp.RWLock();
  readUntil(new mp.RWLock(), nowNs() + leadInNs);
  const partners = [];
  for (let party = 1; party < Number(process.env.BENCH_PARTIES ?? '1'); party++) {
    partners.push(await startPartner(__filename, [lock], party));
  }
  const measuredFromNs = nowNs() + 2 * leadInNs;
  const theirs = partners.map((partner) => {
    send(partner, measuredFromNs);
    return receive(partner) as Promise<number>;
  });
  const mine = read(lock, 0, measuredFromNs);
  const all = await Promise.all(theirs);
  partners.forEach(dismiss);
  report({ perSecond: all.reduce((sum, each) => sum + each, mine) });
}

void (isPartner() ? runPartner() : run());
