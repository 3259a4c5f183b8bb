// What the processes of the tests of queues and connections run.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, readSync, writeSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import * as mp from 'node-multiprocessing';

export type Mode = 'blocking' | 'awaited';

/** Puts `first` … `last`. */
export async function putRange(
  queue: mp.Queue<number>,
  [first, last]: readonly [number, number],
  mode: Mode,
): Promise<void> {
  for (let i = first; i <= last; i++) {
    if (mode === 'awaited') await queue.put(i);
    else queue.putSync(i);
  }
}

/** Puts half of the numbers, and lets a process of its own put the rest. */
export async function putAndHandOn(queue: mp.Queue<number>): Promise<void> {
  for (let i = 0; i < 10; i++) await queue.put(i);
  const child = new mp.Process({ target: putRange, args: [queue, [10, 19], 'blocking'] });
  await child.start();
  await child.join();
}

/** How a process ends whose puts wait for room. */
export type PendingEnd = 'returns' | 'exits' | 'cancels';

export function putMore(queue: mp.Queue<string>, count: number, end: PendingEnd): void {
  for (let i = 0; i < count; i++) queue.put(`item ${String(i)}`).catch(() => undefined);
  if (end === 'cancels') queue.cancelJoinThread();
  if (end !== 'returns') process.exit(0);
}

/** Gets and reports until null comes; how many there were. */
export async function work(queue: mp.JoinableQueue<number | null>, mode: Mode): Promise<number> {
  for (let done = 0; ; done++) {
    const item = mode === 'awaited' ? await queue.get() : queue.getSync();
    queue.taskDone();
    if (item === null) return done;
  }
}

/** The names of the errors of what cannot be done with this queue, which is full. */
export async function refusalsOfPut(queue: mp.Queue<number>): Promise<unknown[]> {
  const names: unknown[] = [queue.full(), queue.empty(), queue.tryPut(9)];
  const note = (error: unknown): void => {
    names.push((error as Error).name);
  };
  await queue.put(9, { timeout: 20 }).catch(note);
  for (const timeout of [0, 20, -1]) {
    try {
      queue.putSync(9, { timeout });
    } catch (error) {
      note(error);
    }
  }
  return names;
}

/** The name of the error that ends the waiting for an item. */
export async function waitForEnd(
  queue: mp.Queue,
  begun: mp.Semaphore,
  mode: Mode,
): Promise<string> {
  begun.release();
  try {
    if (mode === 'awaited') await queue.get();
    else queue.getSync();
    return 'an item';
  } catch (error) {
    return (error as Error).name;
  }
}

/** Sends back what comes, bytes as bytes, until the other side is gone. */
export async function echo(connection: mp.Connection, mode: Mode): Promise<string> {
  try {
    for (;;) {
      if (mode === 'awaited') await connection.sendBytes(await connection.recvBytes());
      else connection.sendBytesSync(connection.recvBytesSync());
    }
  } catch (error) {
    return (error as Error).name;
  }
}

/** Polls until there is something, then gets it, so many times. */
export function pollAndReceive(connection: mp.Connection, count: number): string[] {
  const got: string[] = [];
  while (got.length < count) {
    if (!connection.pollSync({ timeout: 10_000 })) throw new Error('nothing came');
    connection.pollSync();
    got.push(connection.recvBytesSync().toString());
  }
  return got;
}

/** Connects, sends one object, and ends. */
export async function greet(address: mp.Address, key?: Uint8Array): Promise<void> {
  const connection = await mp.connection.Client(address, { authkey: key });
  await connection.send({ from: process.pid });
  connection.close();
}

export type HandleKind = 'file' | 'pipe' | 'TCP socket' | 'Unix socket' | 'server' | 'UDP socket';

function readAll(handle: number): string {
  const bytes = Buffer.alloc(100);
  const text = bytes.toString('utf8', 0, readSync(handle, bytes, 0, 100, null));
  closeSync(handle);
  return text;
}

/** Makes use of a descriptor that arrives; what it read of it. */
export async function useHandle(connection: mp.Connection, kind: HandleKind): Promise<string> {
  const handle = await connection.recvHandle();
  await connection.send('have it');
  switch (kind) {
    case 'file':
      return readAll(handle);
    case 'pipe':
      writeSync(handle, 'from the child');
      closeSync(handle);
      return 'written';
    case 'server': {
      const server = createServer((socket) => socket.end('by the child')).listen({ fd: handle });
      await once(server, 'connection');
      server.close();
      return 'served';
    }
    case 'UDP socket': {
      const socket = createSocket('udp4').bind({ fd: handle });
      const [message] = (await once(socket, 'message')) as [Buffer];
      socket.close();
      return message.toString();
    }
    case 'TCP socket':
    case 'Unix socket': {
      const socket = new Socket({ fd: handle });
      const [message] = (await once(socket, 'data')) as [Buffer];
      socket.end('by the child');
      await once(socket, 'close');
      return message.toString();
    }
  }
}

/** Holds one end, says so, and is killed. */
export function holdForEver(connection: mp.Connection): Promise<never> {
  connection.sendSync('there');
  return new Promise(() => setInterval(() => undefined, 1_000));
}

/** Receives what comes, and keeps it until it is killed. */
export async function receiveForEver(connection: mp.Connection): Promise<never> {
  const kept: unknown[] = [];
  for (;;) {
    kept.push(await connection.recv());
    await connection.send(kept.length);
  }
}

/** Blocks or waits in a receive, through signals; how many it has heard. */
export async function receiveThroughSignals(
  connection: mp.Connection,
  mode: Mode,
): Promise<string> {
  let signals = 0;
  process.on('SIGUSR1', () => signals++);
  await connection.send('ready');
  const bytes =
    mode === 'awaited'
      ? await connection.recvBytes()
      : connection.recvBytesSync({ timeout: 20_000 });
  if (mode === 'awaited') await connection.sendBytes(bytes);
  else connection.sendBytesSync(bytes, { timeout: 20_000 });
  // A blocked thread hears of them afterwards.
  while (signals === 0) await new Promise((resolve) => setImmediate(resolve));
  return 'heard';
}

/** Accepts one client, through signals. */
export async function acceptThroughSignals(connection: mp.Connection): Promise<unknown> {
  let signals = 0;
  process.on('SIGUSR1', () => signals++);
  await using listener = await mp.connection.Listener();
  await connection.send(listener.address);
  const accepted = await listener.accept();
  const value = await accepted.recv();
  accepted.close();
  while (signals === 0) await new Promise((resolve) => setImmediate(resolve));
  return value;
}
