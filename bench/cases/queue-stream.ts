/** One `putSync` and one `getSync` for each message, between two processes. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { chosenPayload } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

async function runPartner(): Promise<void> {
  const [queue, orders] = (await receiveSetup()).objects as [mp.Queue, mp.Queue<number>];
  const { make } = chosenPayload();
  ready();
  for (let count; (count = orders.getSync()) > 0;) {
    for (let i = 0; i < count; i++) queue.putSync(make(i));
  }
}

async function run(): Promise<void> {
  const queue = new mp.Queue();
  const orders = new mp.Queue<number>();
  const partner = await startPartner(__filename, [queue, orders]);
  const take = (count: number): void => {
    for (let i = 0; i < count; i++) queue.getSync();
  };
  const order = (count: number): void => {
    orders.putSync(count);
  };
  await measureStream({ order, take }, chosenPayload());
  order(0);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
