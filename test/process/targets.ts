// What the processes of these tests run: exported functions, as users' are.
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

export const square = (x: number): number => x * x;

export function echo(...args: readonly unknown[]): readonly unknown[] {
  return args;
}

/** What the child sees of itself and of its parent. */
export function introspect() {
  const { name, pid, daemon, authkey, exitCode } = mp.currentProcess();
  const parent = mp.parentProcess();
  return {
    name,
    pid,
    realPid: process.pid,
    daemon,
    exitCode,
    authkey,
    isMain: mp.isMainProcess(),
    isAlive: mp.currentProcess().isAlive(),
    parent: parent && { name: parent.name, pid: parent.pid, isAlive: parent.isAlive() },
    cwd: process.cwd(),
    argv: process.argv,
    environment: process.env.MP_TEST_VARIABLE,
    stdin: readlinkSync('/proc/self/fd/0'),
  };
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message, { cause: new Error('the cause') }), { extra: [1] });
}

export async function failLater(message: string): Promise<never> {
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error(message);
}

class UnknownError extends Error {
  override name = 'UnknownError';
  hint = 'nobody registers this';
}

export function failUnknown(): never {
  throw new UnknownError('not known elsewhere');
}

export class KnownError extends Error {
  constructor(readonly level: number) {
    super(`level ${String(level)}`);
  }
}

export function failKnown(): never {
  throw new KnownError(3);
}

export function failFromTimer(): Promise<never> {
  setTimeout(() => {
    throw new Error('from a timer');
  });
  return new Promise(() => undefined);
}

export function exit(code: number): void {
  process.exit(code);
}

/** Ends with nothing to wait for, and a promise that never settles. */
export function neverSettles(): Promise<never> {
  return new Promise(() => undefined);
}

/** Tells by the event that it runs, then waits for ever. */
export async function waitForEver(running: mp.Semaphore): Promise<never> {
  running.release();
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
}

export function loopForEver(running: mp.Semaphore): never {
  running.release();
  for (;;);
}

export function handleInterrupt(running: mp.Semaphore): Promise<string> {
  const timer = setInterval(() => undefined, 1_000);
  return new Promise((resolve) => {
    process.once('SIGINT', () => {
      clearInterval(timer);
      resolve('interrupted');
    });
    running.release();
  });
}

export async function acquireAndCount(lock: mp.Lock, counter: mp.Value<'i'>): Promise<void> {
  for (let i = 0; i < 1_000; i++) await lock.runExclusive(() => counter.value++);
}

export const openDescriptors = (): readonly string[] => readdirSync('/proc/self/fd').sort();

/** A child of the child. */
export async function startChild(depth: number): Promise<readonly string[]> {
  const { name } = mp.currentProcess();
  if (depth === 0) return [name];
  const child = new mp.Process({ target: startChild, args: [depth - 1] });
  await child.start();
  const names = await child.result();
  await child.join();
  return [name, ...names];
}

export async function startDaemonsChild(): Promise<unknown> {
  await new mp.Process({ target: square, args: [1] }).start();
  return undefined;
}

/** Returns while a timer still runs; the timer's work is seen in the counter. */
export function leaveTimer(counter: mp.Value<'i'>): string {
  setTimeout(() => (counter.value = 7), 50);
  return 'returned';
}

export async function startWorker(counter: mp.Value<'i'>): Promise<void> {
  const code = 'require("node:worker_threads").parentPort.postMessage(1)';
  await once(new Worker(code, { eval: true }), 'message');
  counter.value = 1;
}

/** A grandchild that outlives its parent for a moment and tells what it sees. */
export async function watchParent(seen: mp.Array<'i'>, running: mp.Semaphore): Promise<void> {
  const parent = mp.parentProcess()!;
  seen[0] = Number(parent.isAlive());
  running.release();
  seen[2] = Number(await parent.join());
  seen[1] = Number(parent.isAlive());
  running.release();
}

export async function startWatcher(seen: mp.Array<'i'>, running: mp.Semaphore): Promise<never> {
  const child = new mp.Process({ target: watchParent, args: [seen, running] });
  await child.start();
  await child.join();
  throw new Error('unreachable');
}

export const unsendable = (): Promise<() => void>[] => [Promise.resolve(() => undefined)];

export class Clock extends mp.Process<string> {
  label = 'tick';
  readonly #hidden = 1;

  constructor(
    public interval: number,
    public shared: mp.Value<'i'>,
  ) {
    super({ name: `clock-${String(interval)}` });
  }

  override async run(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, this.interval));
    this.shared.value += this.interval;
    this.label = 'changed in the child';
    return `${this.name} ${String(this.interval)} ${this instanceof Clock ? 'Clock' : ''}`;
  }

  /** A constructor that ran has it. */
  get hidden(): number {
    return this.#hidden;
  }
}

export const api = { math: { cube: (x: number): number => x ** 3 } };

export class Tools {
  constructor(readonly unit = 1) {}

  static half(x: number): number {
    return x / 2;
  }
}

export default function byDefault(): string {
  return 'default';
}
