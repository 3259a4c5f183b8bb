// What the workers of these tests run: exported functions, as users' are.
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';

export const square = (x: number): number => x * x;
export const add = (a: number, b: number): number => a + b;
export const pid = (): number => process.pid;
export const echo = (...args: readonly unknown[]): readonly unknown[] => args;
export const same = (value: unknown): unknown => value;

export async function squareLater(x: number): Promise<number> {
  await sleep(1);
  return x * x;
}

/** Takes 20 ms. */
export async function squareSlowly(x: number): Promise<number> {
  await sleep(20);
  return x * x;
}
export function loopAtThree(x: number): number {
  while (x === 3);
  return x * x;
}

export class TeapotError extends Error {
  constructor(readonly degrees: number) {
    super(`${String(degrees)} degrees`);
  }
}

export function fail(message: string): never {
  throw Object.assign(new RangeError(message), { extra: [1] });
}
export function failKnown(degrees: number): never {
  throw new TeapotError(degrees);
}
export async function failLater(message: string): Promise<never> {
  await sleep(1);
  throw new TypeError(message);
}
export function failWith(value: unknown): never {
  throw value;
}
export function failAt(at: number, i: number): number {
  if (i === at) throw new Error(`at ${String(i)}`);
  return i;
}
export function failAtThree(i: number): number {
  return failAt(3, i);
}
export function failUnsendable(): never {
  throw Object.assign(new TypeError('it failed'), { callback: () => undefined });
}
export const unsendable = (): unknown => ({ callback: () => undefined });

export const exit = (code: number): never => process.exit(code);
export function kill(signal: NodeJS.Signals): never {
  process.kill(process.pid, signal);
  for (;;);
}
export function loop(): never {
  for (;;);
}
export const nothingComes = (): Promise<never> => new Promise(() => undefined);

/** Tells that it runs, waits until it may go on, tells its process. */
export async function meet(running: mp.Semaphore, goOn: mp.Semaphore): Promise<number> {
  running.release();
  await goOn.acquire();
  return process.pid;
}
export function block(running: mp.Semaphore, goOn: mp.Semaphore): number {
  running.release();
  goOn.acquireSync();
  return process.pid;
}

export function count(counter: mp.Value<'i'>): number {
  return counter.add(1);
}
export async function slowly(counter: mp.Value<'i'>, ms: number): Promise<number> {
  const value = counter.add(1);
  await sleep(ms);
  return value;
}

export const total = (array: Float64Array): number => array.reduce((sum, x) => sum + x, 0);
export function fill(array: mp.Array<'d'>, value: number): void {
  array.fill(value);
}
export const scaled = (array: Float64Array, factor: number): Float64Array =>
  array.map((x) => x * factor);

let state: unknown = 'fresh';
export function remember(value: unknown): void {
  state = value;
}
export async function rememberLater(value: unknown): Promise<void> {
  await sleep(1);
  state = value;
}
export const remembered = (): unknown => state;

export function failingInitializer(): never {
  throw new RangeError('cannot be set up');
}

let timerRuns = 0;
export function startTimer(): void {
  setInterval(() => {
    timerRuns += 1;
  }, 1);
}
export const timerCount = (): number => timerRuns;

export function tellAtExit(text: string): void {
  process.once('exit', () => {
    writeSync(1, text);
  });
}

let kept: Buffer | undefined;
export function grow(bytes: number): number {
  kept = Buffer.alloc(bytes, 1);
  return kept.length;
}
export async function poolInChild(numbers: number[]): Promise<number[]> {
  await using pool = new mp.Pool(2);
  return await pool.map(square, numbers);
}
export function poolHere(): string {
  try {
    new mp.Pool(1);
    return 'made';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

export const twice = (x: number): number => 2 * x;

export function countOrFail(counter: mp.Value<'i'>, i: number): number {
  counter.add(1);
  return failAt(3, i);
}
export const meetIn = ([running, goOn]: [mp.Semaphore, mp.Semaphore]): Promise<number> =>
  meet(running, goOn);
export { sleep };

/** Which worker runs this: a process, or a thread of it. */
export const worker = (): string => `${String(process.pid)}/${String(threadId)}`;
export async function workerAt(running: mp.Semaphore, goOn: mp.Semaphore): Promise<string> {
  running.release();
  await goOn.acquire();
  return worker();
}

export function failThird(x: number, y: number): number {
  if (x === 2) throw new RangeError(`at ${String(x)}`);
  return x * y;
}

/** Of a class that the pool's process does not know. */
export function unknownInstance(): object {
  class KnownInWorkers {
    readonly where = 'there';
  }
  mp.registerClass(KnownInWorkers);
  return new KnownInWorkers();
}

export const killWith = ([signal]: [NodeJS.Signals, Buffer]): never => kill(signal);
/** Ends while what it returns, which is large, is written down. */
export const killWhileSending = (bytes: number): unknown => ({
  before: Buffer.alloc(bytes),
  get value(): number {
    return kill('SIGKILL');
  },
});

let last: WeakRef<object> | undefined;
export function look(value: object): void {
  last = new WeakRef(value);
}
export async function hasForgotten(): Promise<boolean> {
  await collectGarbage();
  return last?.deref() === undefined;
}

export const processName = (): string => mp.currentProcess().name;
export async function executorHere(x: number): Promise<number> {
  await using executor = new mp.futures.ThreadPoolExecutor(1);
  return await executor.submit(square, x);
}
export function countAndAdd(counter: mp.Value<'i'>, x: number): number {
  counter.add(1);
  return x;
}

/** Made by its own module only. */
export class PickyError extends Error {
  constructor(made?: string) {
    if (made !== 'here') throw new TypeError('not made here');
    super('picky');
  }
}
export function failPicky(): never {
  throw new PickyError('here');
}

const seen: object[] = [];
/** The number of the object among those that this worker was given; it keeps all of them. */
export function numberOf(object: object): number {
  if (!seen.includes(object)) seen.push(object);
  return seen.indexOf(object);
}
export function closeArray(array: mp.RawArray<'d'>): void {
  array.close();
}
export const isLocked = (array: object): boolean => 'getLock' in array;

/** Objects in objects, so many. */
export function nested(levels: number): object {
  let value: object = {};
  for (let i = 0; i < levels; i += 1) value = { value };
  return value;
}
