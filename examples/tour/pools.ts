// Section 7: a pool of processes, and what a parallel calculation gains by it.
import * as mp from 'node-multiprocessing';

import { grouped, seconds, type Report, type Section } from './report';

const items = 1000;
const rounds = 5;

export const cube = (x: number): number => x ** 3;

export function refuse(x: number): never {
  throw new RangeError(`${x} is refused`);
}

export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

/** Some work for a processor: the steps of Collatz' sequences. */
export function collatzSteps(seed: number): number {
  let steps = 0;
  for (let start = 1; start <= 100; start++) {
    for (let n = 1000 * seed + start; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  }
  return steps;
}

async function calls(pool: mp.Pool, report: Report): Promise<void> {
  const cubes = await pool.map(cube, [1, 2, 3, 4, 5]);
  report.check(`map: ${cubes.join(', ')}`, cubes.join() === '1,8,27,64,125');
  const result = pool.applyAsync(cube, [7]);
  const before = result.ready();
  report.check(
    `applyAsync: ready at once: ${before}; then ${await result}`,
    (await result) === 343,
  );
}

async function callbacks(pool: mp.Pool, report: Report): Promise<void> {
  const told: string[] = [];
  await pool.applyAsync(cube, [8], { callback: (value) => told.push(`callback: ${value}`) });
  const errorCallback = (error: unknown): void => {
    told.push(`errorCallback: ${String(error)}`);
  };
  await pool.applyAsync(refuse, [9], { errorCallback }).wait();
  const isRight = told.join() === 'callback: 512,errorCallback: RangeError: 9 is refused';
  report.check(told.join('; '), isRight);
}

async function aDeath(pool: mp.Pool, report: Report): Promise<void> {
  const lost = pool.applyAsync(die);
  const others = await pool.map(cube, [1, 2, 3]);
  const error = await lost.then(() => undefined).catch((reason: unknown) => reason);
  const isRight = error instanceof mp.WorkerLostError && error.signal === 'SIGKILL';
  report.check(String(error), isRight);
  report.check(`the others are right: ${others.join(', ')}`, others.join() === '1,8,27');
}

/** How long the calculation takes here, and in the pool, in ms; and whether both gave the same. */
async function compare(pool: mp.Pool, seeds: readonly number[]) {
  const startMs = performance.now();
  const here = seeds.map(collatzSteps);
  const hereMs = performance.now() - startMs;
  const there = await pool.map(collatzSteps, seeds);
  const thereMs = performance.now() - startMs - hereMs;
  const areEqual = there.length === items && there.every((steps, i) => steps === here[i]);
  return { hereMs, thereMs, areEqual };
}

async function calculation(pool: mp.Pool, report: Report): Promise<void> {
  const seeds = Array.from({ length: items }, (_, i) => i);
  // Others may need the processors just now: the pool may try again.
  let found = await compare(pool, seeds);
  for (let i = 1; i < rounds && found.areEqual && found.thereMs >= found.hereMs; i++) {
    found = await compare(pool, seeds);
  }
  const { hereMs, thereMs, areEqual } = found;
  report.check(`${grouped(items)} results of the pool and of this process are equal`, areEqual);
  const times = `${seconds(hereMs)} in one process, ${seconds(thereMs)} in the pool`;
  if (mp.cpuCount() === 1) report.note(`${times}: there is one CPU, so nothing is to be gained`);
  else report.check(`${times}: ${(hereMs / thereMs).toFixed(1)} times as fast`, thereMs < hereMs);
}

export const pools: Section = {
  title: 'Pool',
  about: 'Workers run functions for this process; a worker that dies loses one task, and no other.',
  async run(report) {
    await using pool = new mp.Pool();
    await calls(pool, report);
    await callbacks(pool, report);
    await aDeath(pool, report);
    await calculation(pool, report);
  },
};
