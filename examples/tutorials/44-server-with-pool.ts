// A server that gives each accepted socket to a pool: no more clients are served at a time than there
// are workers, and the next one waits until a client leaves.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { isMainProcess, Pool } from 'node-multiprocessing';

const workers = 2;

export async function talk(socket: Socket): Promise<void> {
  for await (const data of socket) socket.write(`${process.pid} ${String(data).toUpperCase()}`);
  socket.end();
}

class Client {
  readonly #socket: Socket;
  /** The process that serves it, once it has answered. */
  readonly pid: Promise<string>;

  constructor(port: number, name: string) {
    this.#socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.#socket.write(`hello from ${name}`);
    this.pid = once(this.#socket, 'data').then(([answer]) => {
      const [pid = '', ...words] = String(answer).split(' ');
      console.log(words.join(' '));
      return pid;
    });
  }

  leave(): void {
    console.log('a client leaves');
    this.#socket.end();
  }
}

async function main(): Promise<void> {
  const pool = new Pool(workers);
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    pool.applyAsync(talk, [socket], { errorCallback: console.error });
    socket.destroy(); // the pool has its own
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const first = new Client(port, 'client 1');
  await first.pid;
  const second = new Client(port, 'client 2');
  await second.pid;
  const waiting = [new Client(port, 'client 3'), new Client(port, 'client 4')] as const;
  for (const client of [first, second]) client.leave();
  const clients = [first, second, ...waiting];
  const pids = new Set(await Promise.all(clients.map((client) => client.pid)));
  for (const client of waiting) client.leave();
  server.close();
  pool.close();
  await pool.join();
  console.log(`${pids.size} 个进程`);
}

if (isMainProcess()) void main();

// Prints:
// HELLO FROM CLIENT 1
// HELLO FROM CLIENT 2
// a client leaves
// a client leaves
// Prints, in any order:
// HELLO FROM CLIENT 3
// HELLO FROM CLIENT 4
// Prints:
// a client leaves
// a client leaves
// 2 个进程
