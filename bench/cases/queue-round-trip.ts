/** A number there and a number back through two Queues; both sides block. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { pinIfAsked } from '../harness/pin.js';
import { measureTrips } from '../harness/trips.js';

async function runPartner(): Promise<void> {
  const [there, back] = (await receiveSetup()).objects as [mp.Queue<number>, mp.Queue<number>];
  pinIfAsked(1);
  ready();
  for (let i; (i = there.getSync()) >= 0;) back.putSync(i);
}

async function run(): Promise<void> {
  const there = new mp.Queue<number>();
  const back = new mp.Queue<number>();
  const partner = await startPartner(__filename, [there, back]);
  pinIfAsked(0);
  measureTrips((i) => {
    there.putSync(i);
    back.getSync();
  });
  there.putSync(-1);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
