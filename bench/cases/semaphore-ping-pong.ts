/**
 * Two processes that block for each other in turn through two Semaphores: round trips per second.
 * The number of rounds is agreed in advance, from the rate of the warm-up: the loop reads no flag.
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
import { report } from '../harness/report.js';

const warmUpRounds = 5000;

function answer(ping: mp.Semaphore, pong: mp.Semaphore, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    ping.acquireSync();
    pong.release();
  }
}

async function runPartner(): Promise<void> {
  const [ping, pong] = (await receiveSetup()).objects as [mp.Semaphore, mp.Semaphore];
  const order = receive(process);
  ready();
  answer(ping, pong, warmUpRounds);
  answer(ping, pong, (await order) as number);
}

/** Does `rounds` round trips and returns how long they took. */
function ask(ping: mp.Semaphore, pong: mp.Semaphore, rounds: number): number {
  const startNs = nowNs();
  for (let i = 0; i < rounds; i++) {
    ping.release();
    pong.acquireSync();
  }
  return nowNs() - startNs;
}

async function run(): Promise<void> {
  const ping = new mp.Semaphore(0);
  const pong = new mp.Semaphore(0);
  const partner = await startPartner(__filename, [ping, pong]);
  const warmUpNs = ask(ping, pong, warmUpRounds);
  const rounds = Math.ceil((measuredMs() * 1e6 * warmUpRounds) / warmUpNs);
  send(partner, rounds);
  // The order is on its way while the first post is made: leave the partner time to read it, or
  // the first round would measure its delivery.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const elapsedNs = ask(ping, pong, rounds);
  dismiss(partner);
  report({ perSecond: (rounds * 1e9) / elapsedNs });
}

void (isPartner() ? runPartner() : run());
