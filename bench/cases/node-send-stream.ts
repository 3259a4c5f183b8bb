/**
 * `process.send`, with the serialization that BENCH_SERIALIZATION names. In JSON data goes as base64, as
 * Node's own way for Buffers, a list of numbers, takes several times as long.
 */
import { fork, type Serializable, type SerializationType } from 'node:child_process';
import { once } from 'node:events';
import { arrivals } from '../harness/arrivals.js';
import { isPartner } from '../harness/partner.js';
import { chosenPayload, type Make } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

/** So many are on their way before the sender waits until they are written. */
const atOnce = 64;

async function send(message: unknown, isLast: boolean): Promise<void> {
  if (!isLast) process.send?.(message);
  else await new Promise((resolve) => process.send?.(message, resolve));
}

const serialization = (process.env.BENCH_SERIALIZATION ?? 'json') as SerializationType;
const payload = chosenPayload();
const isText = serialization === 'json' && payload.bytes > 0;

function runPartner(): void {
  const make: Make = isText ? (i) => (payload.make(i) as Buffer).toString('base64') : payload.make;
  process.on('message', (count: number) => {
    void (async () => {
      for (let i = 0; i < count; i++) await send(make(i), i % atOnce === atOnce - 1);
    })();
  });
  process.send?.('ready');
}

async function run(): Promise<void> {
  const partner = fork(__filename, [process.argv[2] ?? '300', 'partner'], { serialization });
  await once(partner, 'message');
  const { arrived, take } = arrivals();
  partner.on('message', (message) => {
    if (isText) Buffer.from(message as string, 'base64');
    arrived();
  });
  const order = (count: Serializable): void => {
    partner.send(count);
  };
  await measureStream({ order, take }, payload);
  partner.disconnect();
}

if (isPartner()) runPartner();
else void run();
