/**
 * BENCH_PARTIES processes that meet at one Barrier, blocking, again and again: rounds per second.
 *
 * The procedure of peers/meetings.cc: bursts of 64 rounds; before the last one of a burst the first
 * party says whether it is the last burst, which all see once they have met.
 */
import * as mp from 'node-multiprocessing';
import { measuredMs, nowNs } from '../harness/clock.js';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { report } from '../harness/report.js';

const burst = 64;
const leadInNs = 100e6;

interface Place {
  readonly barrier: mp.Barrier;
  readonly stop: mp.RawValue<'int32'>;
}

function meet({ barrier }: Place, times: number): void {
  for (let i = 0; i < times; i++) barrier.waitSync();
}

async function runPartner(): Promise<void> {
  const [barrier, stop] = (await receiveSetup()).objects as [mp.Barrier, mp.RawValue<'int32'>];
  ready();
  do meet({ barrier, stop }, burst);
  while (stop.value === 0);
}

/** Meets until then; how many rounds. */
function meetUntil(place: Place, endNs: number, isLast: boolean): number {
  for (let rounds = 0; ;) {
    meet(place, burst - 1);
    rounds += burst;
    const isOver = nowNs() >= endNs;
    if (isOver && isLast) place.stop.value = 1;
    meet(place, 1);
    if (isOver) return rounds;
  }
}

async function run(): Promise<void> {
  const parties = Number(process.env.BENCH_PARTIES ?? '2');
  const place = { barrier: new mp.Barrier(parties), stop: new mp.RawValue('int32') };
  const partners = [];
  for (let i = 1; i < parties; i++) {
    partners.push(await startPartner(__filename, [place.barrier, place.stop]));
  }
  meetUntil(place, nowNs() + leadInNs, false);
  const startNs = nowNs();
  const rounds = meetUntil(place, startNs + measuredMs() * 1e6, true);
  const elapsedNs = nowNs() - startNs;
  partners.forEach(dismiss);
  report({ perSecond: (rounds * 1e9) / elapsedNs });
}

void (isPartner() ? runPartner() : run());
