/**
 * What Node offers for the same purpose: `process.send` with JSON serialization, a number there and
 * a number back. The procedure of semaphore-hand-off-await.ts.
 */
import { measuredMs, nowNs } from '../harness/clock.js';
import { dismiss, isPartner, ready, receiveSetup, send, startPartner } from '../harness/partner.js';
import { latencyMetrics, report } from '../harness/report.js';
import { median } from '../harness/stats.js';

const warmUpRounds = 1000;

async function runPartner(): Promise<void> {
  const { rounds } = await receiveSetup();
  const seenNs: number[] = [];
  process.on('message', (round: number) => {
    seenNs.push(nowNs());
    send(process, round);
    if (seenNs.length === rounds) send(process, seenNs);
  });
  ready();
}

async function run(): Promise<void> {
  const rounds = warmUpRounds + measuredMs() * 10;
  const partner = await startPartner(__filename, [], rounds);
  const postedNs: number[] = [];
  const backNs: number[] = [];
  const post = (): void => {
    postedNs.push(nowNs());
    send(partner, postedNs.length);
  };
  const seenNs = await new Promise<number[]>((resolve) => {
    partner.on('message', (message: number | number[]) => {
      if (typeof message === 'object') {
        resolve(message);
        return;
      }
      backNs.push(nowNs());
      if (backNs.length < rounds) post();
    });
    post();
  });
  dismiss(partner);
  const since = (postNs: number[], thenNs: number[]): number[] =>
    postNs.map((post, i) => (thenNs[i] ?? Number.NaN) - post).slice(warmUpRounds);
  report({
    ...latencyMetrics(since(postedNs, seenNs)),
    halfTripP50Us: median(since(postedNs, backNs)) / 2000,
  });
}

void (isPartner() ? runPartner() : run());
