/**
 * Two processes that wait for each other in turn through one Condition and a number whose parity
 * says whose turn it is: round trips per second.
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

const warmUpRounds = 2000;

function makeObjects(): [mp.Condition, mp.RawValue<'int32'>] {
  return [new mp.Condition(new mp.Lock()), new mp.RawValue('int32')];
}

/** Adds 1 whenever the number has this parity, `rounds` times. */
function take(objects: readonly unknown[], parity: number, rounds: number): void {
  const [condition, turn] = objects as [mp.Condition, mp.RawValue<'int32'>];
  for (let i = 0; i < rounds; i++) {
    condition.acquireSync();
    while (turn.value % 2 !== parity) condition.waitSync();
    turn.value++;
    condition.notify();
    condition.release();
  }
}

function answer(objects: readonly unknown[], rounds: number): void {
  take(objects, 1, rounds);
}

/** Does `rounds` round trips and returns how long they took. */
function ask(objects: readonly unknown[], rounds: number): number {
  const startNs = nowNs();
  take(objects, 0, rounds);
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
