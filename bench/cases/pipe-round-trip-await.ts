/** A number there and a number back through a Pipe; both sides await. */
import * as mp from 'node-multiprocessing';
import { dismiss, isPartner, ready, receiveSetup, startPartner } from '../harness/partner.js';
import { measureAsyncTrips } from '../harness/trips.js';

async function runPartner(): Promise<void> {
  const [handOver] = (await receiveSetup()).objects as [mp.Queue<mp.Connection>];
  const connection = handOver.getSync();
  ready();
  for (let i; (i = (await connection.recv()) as number) >= 0;) await connection.send(i);
}

async function run(): Promise<void> {
  const [here, there] = mp.Pipe();
  const handOver = new mp.Queue<mp.Connection>();
  handOver.putSync(there);
  const partner = await startPartner(__filename, [handOver]);
  await measureAsyncTrips(async (i) => {
    await here.send(i);
    await here.recv();
  });
  here.sendSync(-1);
  dismiss(partner);
}

void (isPartner() ? runPartner() : run());
