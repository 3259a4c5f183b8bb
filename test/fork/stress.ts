// Everything that needs V8's and libuv's threads, in one child: garbage collection, optimised loops,
// timers, files, crypto, sockets, dynamic import, compression, WebAssembly, worker threads.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzipSync, gzip } from 'node:zlib';

/** About so many megabytes of objects; some survive, so that every kind of collection happens. */
function churn(megabytes: number): void {
  const kept: unknown[] = [];
  for (let i = 0; i < megabytes * 16; i++) {
    const block = [];
    for (let j = 0; j < 500; j++) block.push({ i, text: `x${String(j)}`, pair: [j, i] });
    if (i % 4 === 0) kept[i % 200] = block;
    if (i % 50 === 0) kept[200 + (i % 7)] = Buffer.alloc(1 << 18, i & 255);
    if (i % 64 === 0) kept[210 + (i % 5)] = new Float64Array(1 << 15);
  }
}

function hash(rounds: number): number {
  let h = 12345;
  for (let i = 0; i < rounds; i++) h = (Math.imul(h, 31) + i) ^ (h >>> 3);
  return h;
}

interface Compiler {
  instantiate(code: Uint8Array): Promise<{
    instance: { exports: { add: (a: number, b: number) => number } };
  }>;
}

/** Without the DOM's types there are none of WebAssembly. */
async function instantiate(code: Uint8Array) {
  const { WebAssembly: compiler } = globalThis as unknown as { WebAssembly: Compiler };
  const { instance } = await compiler.instantiate(code);
  return instance.exports;
}

/** Computed once, where the module is first loaded. */
const rounds = 4_000_000;
const expectedHash = hash(rounds);

function optimise(): void {
  assert.equal(hash(rounds), expectedHash);
  const body = 'let s = 0; for (let i = 0; i < n; i++) s = (s + i * i) % 1000003; return s';
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- code that nobody has compiled yet
  const fresh = new Function('n', body) as (n: number) => number;
  const first = fresh(10_000);
  for (let i = 0; i < 200; i++) assert.equal(fresh(10_000), first);
}

async function timers(): Promise<void> {
  await setTimeout(10);
  await setImmediate();
}

async function files(): Promise<void> {
  const texts = await Promise.all(Array.from({ length: 8 }, () => readFile(__filename, 'utf8')));
  assert.equal(new Set(texts).size, 1);
}

async function hashing(): Promise<void> {
  const derive = promisify(pbkdf2);
  const keys = await Promise.all(
    Array.from({ length: 4 }, () => derive('p', 's', 2000, 32, 'sha256')),
  );
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1);
}

async function sockets(): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('ping');
  const answer = await new Promise((resolve) => socket.once('data', resolve));
  assert.equal(String(answer), 'ping');
  socket.destroy();
  server.close();
}

async function modules(): Promise<void> {
  const source = `export const id = ${String(process.pid)}`;
  const loaded = (await import(`data:text/javascript,${source}`)) as { id: number };
  assert.equal(loaded.id, process.pid);
}

async function compression(): Promise<void> {
  const packed = await promisify<Buffer, Buffer>(gzip)(Buffer.alloc(100_000));
  assert.equal(gunzipSync(packed).length, 100_000);
}

async function wasm(): Promise<void> {
  const bytes = 'AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags='; // add(i32, i32), in base64
  const { add } = await instantiate(Buffer.from(bytes, 'base64'));
  let sum = 0;
  for (let i = 0; i < 100_000; i++) sum = add(sum, 1);
  assert.equal(sum, 100_000);
}

async function threads(): Promise<void> {
  const code = `const { parentPort } = require('node:worker_threads');
    const made = []; for (let i = 0; i < 1e5; i++) made.push({ i });
    parentPort.postMessage(made.length);`;
  const worker = new Worker(code, { eval: true });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const message = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  assert.equal(message, 1e5);
  await ended;
}

const steps = { optimise, timers, files, hashing, sockets, modules, compression, wasm, threads };

export interface StressJob {
  readonly name: 'stress';
  readonly megabytes: number;
}

export async function stress({ megabytes }: StressJob): Promise<string> {
  churn(megabytes);
  for (const step of Object.values(steps)) await step();
  churn(megabytes);
  return 'survived';
}
