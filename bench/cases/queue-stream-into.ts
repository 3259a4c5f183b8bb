/** As queue-stream.ts, for binary data that is got into a buffer that is used again. */
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
  const payload = chosenPayload();
  const queue = new mp.Queue<Buffer>();
  const orders = new mp.Queue<number>();
  const partner = await startPartner(__filename, [queue, orders]);
  const target = Buffer.alloc(payload.bytes);
  const take = (count: number): void => {
    for (let i = 0; i < count; i++) queue.getIntoSync(target);
  };
  const order = (count: number): void => {
    orders.putSync(count);
  };
  await measureStream({ order, take }, payload);
  order(0);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
