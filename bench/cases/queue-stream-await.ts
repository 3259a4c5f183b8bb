/** As queue-stream.ts, with `await put` and `await get`. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { chosenPayload } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

async function runPartner(): Promise<void> {
  const [queue, orders] = (await receiveSetup()).objects as [mp.Queue, mp.Queue<number>];
  const { make } = chosenPayload();
  ready();
  for (let count; (count = await orders.get()) > 0;) {
    for (let i = 0; i < count; i++) await queue.put(make(i));
  }
}

async function run(): Promise<void> {
  const queue = new mp.Queue();
  const orders = new mp.Queue<number>();
  const partner = await startPartner(__filename, [queue, orders]);
  const take = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await queue.get();
  };
  const order = (count: number): void => {
    orders.putSync(count);
  };
  await measureStream({ order, take }, chosenPayload());
  order(0);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
