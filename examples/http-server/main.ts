// A server that leaves its work to a pool: it answers others meanwhile, tells how far it is, and stops
// the work of a client that has gone. Ctrl-C ends it with its workers.
//
//   node examples/http-server/main.js [port]
//
//   GET /primes?below=1000000   lines of JSON: {"done":1,"total":64} …, then {"primes":78498}
//   GET /stats                  what the pool does
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isMainProcess, Pool } from 'node-multiprocessing';

import { countPrimes, rangesBelow } from './work';

const mostBelow = 1e9;

async function primes(pool: Pool, url: URL, response: ServerResponse): Promise<void> {
  const below = Number(url.searchParams.get('below'));
  if (!(Number.isInteger(below) && below >= 2 && below <= mostBelow)) {
    response.writeHead(400).end(`below must be a whole number from 2 to ${mostBelow}\n`);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => {
    // After a whole answer there is nothing left to abort.
    gone.abort(new Error('the client has gone'));
  });
  response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
  const write = (value: object): void => {
    response.write(`${JSON.stringify(value)}\n`);
  };
  const counts = await pool.map(countPrimes, rangesBelow(below), {
    chunksize: 1,
    signal: gone.signal,
    onProgress: (done, total) => {
      write({ done, total });
    },
  });
  write({ primes: counts.reduce((sum, count) => sum + count, 0) });
  response.end();
}

async function answer(pool: Pool, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/primes') await primes(pool, url, response);
  else if (url.pathname === '/stats') response.end(JSON.stringify(pool.stats()));
  else response.writeHead(404).end();
}

function main(port: number): void {
  const pool = new Pool();
  const server = createServer((request, response) => {
    answer(pool, request, response).catch((error: unknown) => {
      if (response.closed) console.log(`${request.url}: ${(error as Error).message}`);
      else response.destroy(error as Error);
    });
  });
  server.listen(port, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  process.once('SIGINT', () => {
    console.log('the end');
    server.close();
    pool.terminate();
    server.closeAllConnections();
  });
}

if (isMainProcess()) main(Number(process.argv[2] ?? 8080));
