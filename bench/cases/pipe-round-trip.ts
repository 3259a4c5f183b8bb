/** A number there and a number back through a Pipe; both sides block. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { pinIfAsked } from '../harness/pin.js';
import { measureTrips } from '../harness/trips.js';

async function runPartner(): Promise<void> {
  const [handOver] = (await receiveSetup()).objects as [mp.Queue<mp.Connection>];
  const connection = handOver.getSync();
  pinIfAsked(1);
  ready();
  for (let i; (i = connection.recvSync() as number) >= 0;) connection.sendSync(i);
}

async function run(): Promise<void> {
  const [here, there] = mp.Pipe();
  const handOver = new mp.Queue<mp.Connection>();
  handOver.putSync(there);
  const partner = await startPartner(__filename, [handOver]);
  pinIfAsked(0);
  measureTrips((i) => {
    here.sendSync(i);
    here.recvSync();
  });
  here.sendSync(-1);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
