/** Two processes that block for each other in turn through two Events: round trips per second. */
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

const warmUpRounds = 2000;

function makeObjects(): mp.Event[] {
  return [new mp.Event(), new mp.Event()];
}

function answer(objects: readonly unknown[], rounds: number): void {
  const [ping, pong] = objects as [mp.Event, mp.Event];
  for (let i = 0; i < rounds; i++) {
    ping.waitSync();
    ping.clear();
    pong.set();
  }
}

/** Does `rounds` round trips and returns how long they took. */
function ask(objects: readonly unknown[], rounds: number): number {
  const [ping, pong] = objects as [mp.Event, mp.Event];
  const startNs = nowNs();
  for (let i = 0; i < rounds; i++) {
    ping.set();
    pong.waitSync();
    pong.clear();
  }
  return nowNs() - startNs;
}

async function runPartner(): Promise<void> {
  const { objects } = await receiveSetup();
  const order = receive(process);
  ready();
  answer(objects, warmUpRounds);
  answer(objects, (await order) as number);
}

async function run(): Promise<void> {
  const objects = makeObjects();
  const partner = await startPartner(__filename, objects);
  const warmUpNs = ask(objects, warmUpRounds);
  const rounds = Math.ceil((measuredMs() * 1e6 * warmUpRounds) / warmUpNs);
  send(partner, rounds);
  // The order is on its way while the first round is made: leave the partner time to read it.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const elapsedNs = ask(objects, rounds);
  dismiss(partner);
  report({ perSecond: (rounds * 1e9) / elapsedNs });
}

void (isPartner() ? runPartner() : run());
