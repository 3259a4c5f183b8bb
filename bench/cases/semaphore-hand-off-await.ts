/**
 * Post in one process, promise in another: A releases `ping`, on which B awaits; B answers through
 * `pong`. Both stamp with the machine's common monotonic clock, B keeps its stamps until the end,
 * so the one-way latency is measured itself (`p50Us`) and nothing travels beside the semaphores;
 * half of the round trip (`halfTripP50Us`) is reported too, as a check on the stamps.
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
import { latencyMetrics, report } from '../harness/report.js';
import { median } from '../harness/stats.js';

const warmUpRounds = 3000;

async function runPartner(): Promise<void> {
  const { objects, rounds } = await receiveSetup();
  const [ping, pong] = objects as [mp.Semaphore, mp.Semaphore];
  const seenNs: number[] = [];
  ready();
  for (let i = 0; i < rounds; i++) {
    await ping.acquire();
    seenNs.push(nowNs());
    pong.release();
  }
  send(process, seenNs);
}

async function run(): Promise<void> {
  const ping = new mp.Semaphore(0);
  const pong = new mp.Semaphore(0);
  const rounds = warmUpRounds + measuredMs() * 20;
  const partner = await startPartner(__filename, [ping, pong], rounds);
  const seen = receive(partner);
  const postedNs: number[] = [];
  const backNs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    postedNs.push(nowNs());
    ping.release();
    await pong.acquire();
    backNs.push(nowNs());
  }
  const seenNs = (await seen) as number[];
  dismiss(partner);
  const since = (postNs: number[], thenNs: number[]): number[] =>
    postNs.map((post, i) => (thenNs[i] ?? Number.NaN) - post).slice(warmUpRounds);
  report({
    ...latencyMetrics(since(postedNs, seenNs)),
    halfTripP50Us: median(since(postedNs, backNs)) / 2000,
  });
}

void (isPartner() ? runPartner() : run());
