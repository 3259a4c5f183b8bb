/** Eight bytes there and back through a Unix socket. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPartner } from '../harness/partner.js';
import { measureAsyncTrips } from '../harness/trips.js';

function runPartner(path: string): void {
  const socket = connect(path);
  socket.on('data', (bytes) => socket.write(bytes));
}

async function run(): Promise<void> {
  const path = join(tmpdir(), `bench-trip-${String(process.pid)}.sock`);
  const server = createServer().listen(path);
  await once(server, 'listening');
  const partner = fork(__filename, [process.argv[2] ?? '300', 'partner', path]);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const message = Buffer.alloc(8);
  await measureAsyncTrips(async (i) => {
    message.writeDoubleLE(i);
    const answer = once(socket, 'data');
    socket.write(message);
    await answer;
  });
  socket.destroy();
  partner.disconnect();
  server.close();
  rmSync(path, { force: true });
}

if (isPartner()) runPartner(process.argv[4] ?? '');
else void run();
