/** Streams through a pipe: the pipe to the partner, and the orders that it gets. */
import * as mp from 'node-multiprocessing';
import { dismiss, ready, receiveSetup, startPartner } from './partner.js';
import { chosenPayload, type Make } from './payloads.js';
import { measureStream } from './streams.js';

type Connection = mp.Connection;

/** In the partner: sends as it is ordered to. */
export async function servePipe(
  send: (connection: Connection, make: Make, count: number) => void | Promise<void>,
): Promise<void> {
  const [orders] = (await receiveSetup()).objects as [mp.Queue];
  const connection = orders.getSync() as Connection;
  const { make } = chosenPayload();
  ready();
  for (let count; (count = orders.getSync() as number) > 0;) await send(connection, make, count);
}

/** Measures what `file`, as a partner, sends. */
export async function measurePipe(
  file: string,
  take: (connection: Connection, count: number) => void | Promise<void>,
): Promise<void> {
  const [here, there] = mp.Pipe({ duplex: false });
  const orders = new mp.Queue();
  orders.putSync(there);
  const partner = await startPartner(file, [orders]);
  const order = (count: number): void => {
    orders.putSync(count);
  };
  await measureStream({ order, take: (count) => take(here, count) }, chosenPayload());
  order(0);
  dismiss(partner);
}
