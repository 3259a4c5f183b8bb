// A server that gives each accepted socket to a process of its own. What is wrong with that: nothing
// limits how many processes there are; a pool does.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import * as mp from 'node-multiprocessing';

const clients = ['client 1', 'client 2', 'client 3'];

export async function talk(socket: Socket): Promise<void> {
  for await (const data of socket) socket.write(String(data).toUpperCase());
  socket.end();
}

async function ask(port: number, name: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`hello from ${name}`);
  const [answer] = (await once(socket, 'data')) as [string];
  socket.end();
  return answer;
}

async function main(): Promise<void> {
  const talks: mp.Process[] = [];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    const process = new mp.Process({ target: talk, args: [socket] });
    talks.push(process);
    void process.start().then(() => socket.destroy()); // the process has its own
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answers = await Promise.all(clients.map((name) => ask(port, name)));
  for (const answer of answers) console.log(answer);
  server.close();
  for (const process of talks) await process.join();
  console.log(`${talks.length} 个进程`);
}

if (mp.isMainProcess()) void main();

// Prints:
// HELLO FROM CLIENT 1
// HELLO FROM CLIENT 2
// HELLO FROM CLIENT 3
// 3 个进程
