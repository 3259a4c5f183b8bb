/** A number there and a number back by `process.send`. */
import { once } from 'node:events';
import { dismiss, isPartner, ready, receive, send, startPartner } from '../harness/partner.js';
import { measureAsyncTrips } from '../harness/trips.js';

async function runPartner(): Promise<void> {
  await receive(process);
  process.on('message', (i: number) => {
    send(process, i);
  });
  ready();
}

async function run(): Promise<void> {
  const partner = await startPartner(__filename, []);
  await measureAsyncTrips(async (i) => {
    const answer = once(partner, 'message');
    send(partner, i);
    await answer;
  });
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
