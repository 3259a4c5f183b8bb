/** Four processes put numbers, four get them: messages per second of all together. */
import * as mp from 'node-multiprocessing';
import { measuredMs, nowNs } from '../harness/clock.js';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { report } from '../harness/report.js';
import { median } from '../harness/stats.js';

const parties = 4;
const rounds = 5;

/** `rounds` tells a putter, 1, from a getter, 0. */
async function runPartner(): Promise<void> {
  const { objects, rounds: puts } = await receiveSetup();
  const [queue, orders, done] = objects as [mp.Queue<number>, mp.Queue<number>, mp.Queue<number>];
  ready();
  for (let count; (count = orders.getSync()) > 0;) {
    if (puts === 1) for (let i = 0; i < count; i++) queue.putSync(i);
    else for (let i = 0; i < count; i++) queue.getSync();
    done.putSync(count);
  }
}

async function run(): Promise<void> {
  const queue = new mp.Queue<number>();
  const done = new mp.Queue<number>();
  const orders: mp.Queue<number>[] = [];
  const partners = [];
  for (let i = 0; i < 2 * parties; i++) {
    orders.push(new mp.Queue<number>());
    partners.push(await startPartner(__filename, [queue, orders[i]!, done], i % 2));
  }
  const timed = (count: number): number => {
    const startNs = nowNs();
    for (const each of orders) each.putSync(count);
    for (let i = 0; i < 2 * parties; i++) done.getSync();
    return nowNs() - startNs;
  };
  let count = 1000;
  for (let i = 0; i < 4; i++) {
    count = Math.ceil((count * measuredMs() * 1e6) / rounds / timed(count));
  }
  const rates = Array.from({ length: rounds }, () => (parties * count * 1e9) / timed(count));
  for (const each of orders) each.putSync(0);
  partners.forEach(dismiss);
  report({ perSecond: median(rates) });
}

void (isPartner() ? runPartner() : run());
