// What the processes of these tests run.
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

import * as mp from 'node-multiprocessing';

/** Answers each value with its double, until the other side is gone. */
export async function double(connection: mp.Connection): Promise<void> {
  for await (const value of connection) await connection.send(2 * (value as number));
}

export function echoSync({ nested: [connection] }: { nested: [mp.Connection] }): void {
  connection.sendBytesSync(connection.recvBytesSync());
}

/** Gives each connection that arrives a greeting. */
export async function greetAll(connection: mp.Connection): Promise<void> {
  for await (const one of connection) {
    await (one as mp.Connection).send('greetings');
    (one as mp.Connection).close();
  }
}

/** Sends a connection of its own, and keeps the other end until the other side is gone. */
export async function giveEnd(connection: mp.Connection): Promise<void> {
  const [mine, yours] = mp.Pipe();
  await connection.send(yours);
  await mine.send('from the child');
  await connection.poll({ timeout: null });
}

export async function serve(socket: Socket): Promise<void> {
  socket.write(`process ${process.pid} serves`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.end(data.toString().toUpperCase());
  await once(socket, 'close');
}

export async function acceptOne(server: Server): Promise<void> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.end('accepted by the child');
  server.close();
}

/** Holds its end until it is killed, or told to kill itself. */
export async function hold(connection: mp.Connection): Promise<void> {
  await connection.send('holding');
  await connection.recv();
  process.kill(process.pid, 'SIGKILL');
}

export interface Ends {
  readonly one: mp.Connection;
  readonly other: mp.Connection;
}

/** Both ends of a pipe. */
export function bothEnds(via: 'memory' | 'socket'): Ends {
  const [one, other] = mp.Pipe({ via });
  return { one, other };
}

/** A server, which this process does not serve. */
export async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // When the result has been taken from what is returned.
  setTimeout(() => server.close(), 0);
  return server;
}
