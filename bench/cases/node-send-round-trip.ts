/** A number there and a number back by `process.send`, as BENCH_SERIALIZATION says. */
import { fork, type SerializationType } from 'node:child_process';
import { once } from 'node:events';
import { isPartner, ready, send } from '../harness/partner.js';
import { measureAsyncTrips } from '../harness/trips.js';

function runPartner(): void {
  process.on('message', (i: number) => {
    send(process, i);
  });
  ready();
}

async function run(): Promise<void> {
  const serialization = (process.env.BENCH_SERIALIZATION ?? 'json') as SerializationType;
  const partner = fork(__filename, [process.argv[2] ?? '300', 'partner'], { serialization });
  await once(partner, 'message');
  await measureAsyncTrips(async (i) => {
    const answer = once(partner, 'message');
    send(partner, i);
    await answer;
  });
  partner.disconnect();
}

if (isPartner()) runPartner();
else void run();
