/** As queue-stream.ts, with `putManySync` and `getManySync`, up to 1000 at once. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { chosenPayload } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

const atOnce = 1000;

async function runPartner(): Promise<void> {
  const [queue, orders] = (await receiveSetup()).objects as [mp.Queue, mp.Queue<number>];
  const { make } = chosenPayload();
  ready();
  for (let count; (count = orders.getSync()) > 0;) {
    for (let i = 0; i < count; i += atOnce) {
      const length = Math.min(atOnce, count - i);
      queue.putManySync(Array.from({ length }, (...[, j]) => make(i + j)));
    }
  }
}

async function run(): Promise<void> {
  const queue = new mp.Queue();
  const orders = new mp.Queue<number>();
  const partner = await startPartner(__filename, [queue, orders]);
  const take = (count: number): void => {
    for (let left = count; left > 0;) left -= queue.getManySync(Math.min(left, atOnce)).length;
  };
  const order = (count: number): void => {
    orders.putSync(count);
  };
  await measureStream({ order, take }, chosenPayload());
  order(0);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
