/** A number there and a number back through two Queues; both sides await. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { measureAsyncTrips } from '../harness/trips.js';

async function runPartner(): Promise<void> {
  const [there, back] = (await receiveSetup()).objects as [mp.Queue<number>, mp.Queue<number>];
  ready();
  for (let i; (i = await there.get()) >= 0;) await back.put(i);
}

async function run(): Promise<void> {
  const there = new mp.Queue<number>();
  const back = new mp.Queue<number>();
  const partner = await startPartner(__filename, [there, back]);
  await measureAsyncTrips(async (i) => {
    await there.put(i);
    await back.get();
  });
  there.putSync(-1);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
