/** A Unix socket: JSON, or the data itself, behind its length. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivals } from '../harness/arrivals.js';
import { isPartner } from '../harness/partner.js';
import { chosenPayload } from '../harness/payloads.js';
import { measureStream } from '../harness/streams.js';

const headBytes = 4;

function framed(message: unknown): Buffer {
  const body = Buffer.isBuffer(message) ? message : Buffer.from(JSON.stringify(message));
  const frame = Buffer.allocUnsafe(headBytes + body.length);
  frame.writeUInt32LE(body.length);
  frame.set(body, headBytes);
  return frame;
}

async function runPartner(path: string): Promise<void> {
  const { make } = chosenPayload();
  const socket = connect(path);
  await once(socket, 'connect');
  process.on('message', (count: number) => {
    void (async () => {
      for (let i = 0; i < count; i++) {
        if (!socket.write(framed(make(i)))) await once(socket, 'drain');
      }
    })();
  });
  process.on('disconnect', () => socket.destroy());
  process.send?.('ready');
}

/** Calls back with each message, a copy of data or a value. */
function readFrames(socket: Socket, isData: boolean, arrived: (message: unknown) => void): void {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let needed = headBytes;
  socket.on('data', (chunk: Buffer) => {
    rest.push(chunk);
    restBytes += chunk.length;
    if (restBytes < needed) return;
    let all = rest.length === 1 ? chunk : Buffer.concat(rest);
    for (;;) {
      needed = all.length < headBytes ? headBytes : headBytes + all.readUInt32LE();
      if (all.length < needed || all.length < headBytes) break;
      const body = all.subarray(headBytes, needed);
      arrived(isData ? Buffer.from(body) : JSON.parse(body.toString()));
      all = all.subarray(needed);
    }
    rest = [all];
    restBytes = all.length;
  });
}

async function run(): Promise<void> {
  const path = join(tmpdir(), `bench-${String(process.pid)}.sock`);
  const payload = chosenPayload();
  const { arrived, take } = arrivals();
  const server = createServer((socket) => {
    readFrames(socket, payload.bytes > 0, arrived);
  }).listen(path);
  await once(server, 'listening');
  const partner = fork(__filename, [process.argv[2] ?? '300', 'partner', path]);
  await once(partner, 'message');
  const order = (count: number): void => {
    partner.send(count);
  };
  await measureStream({ order, take }, payload);
  partner.disconnect();
  server.close();
  rmSync(path, { force: true });
}

void (isPartner() ? runPartner(process.argv[4] ?? '') : run());
