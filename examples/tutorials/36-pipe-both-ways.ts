// A pipe for both directions: the client asks, the server adds.
import * as mp from 'node-multiprocessing';

export async function add(server: mp.Connection): Promise<void> {
  for await (const request of server) {
    const [a, b] = request as [number, number];
    await server.send(a + b);
  }
  console.log('server 结束');
}

async function main(): Promise<void> {
  const [client, server] = mp.Pipe();
  const process = new mp.Process({ target: add, args: [server] });
  await process.start();
  for (const request of [
    [33, 44],
    [1, 2],
  ]) {
    await client.send(request);
    console.log(await client.recv());
  }
  client.close();
  await process.join();
}

if (mp.isMainProcess()) void main();

// Prints:
// 77
// 3
// server 结束
