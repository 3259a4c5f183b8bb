/**
 * All pools of two workers that are compared, seen alike. A package is loaded when it is measured:
 * workers of ours run this file too.
 */
import type { Worker as JestWorker } from 'jest-worker';
import * as mp from 'node-multiprocessing';

import * as tasks from './pool-tasks.js';
import type { TaskName } from './pool-tasks.js';

export const workers = 2;

const tasksFile = require.resolve('./pool-tasks.js');

export interface PoolUnderTest {
  run(name: TaskName, argument: unknown): Promise<unknown>;
  /** `double` for each; where a library has no such call, chunks by hand. */
  map(items: readonly number[]): Promise<unknown>;
  end(): Promise<unknown>;
}

/** How many items a chunk has that is made by hand. */
const handMade = 1000;

function byHand(run: PoolUnderTest['run']): PoolUnderTest['map'] {
  return (items) => {
    const chunks: Promise<unknown>[] = [];
    for (let i = 0; i < items.length; i += handMade) {
      chunks.push(run('doubleAll', items.slice(i, i + handMade)));
    }
    return Promise.all(chunks);
  };
}

function ours(pool: mp.Pool | mp.ThreadPool): PoolUnderTest {
  return {
    run(name, argument) {
      const task = tasks[name] as (x: unknown) => unknown;
      return pool.apply(task, [argument]);
    },
    map: (items) => pool.map(tasks.double, items),
    end: () => pool[Symbol.asyncDispose](),
  };
}

async function ofPiscina(): Promise<PoolUnderTest> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename: tasksFile, minThreads: workers, maxThreads: workers });
  const run = (name: TaskName, argument: unknown): Promise<unknown> => pool.run(argument, { name });
  return { run, map: byHand(run), end: () => pool.destroy() };
}

async function ofTinypool(runtime: 'worker_threads' | 'child_process'): Promise<PoolUnderTest> {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    filename: tasksFile,
    runtime,
    minThreads: workers,
    maxThreads: workers,
    serialization: serialization(),
  });
  const run = (name: TaskName, argument: unknown): Promise<unknown> => pool.run(argument, { name });
  return { run, map: byHand(run), end: () => pool.destroy() };
}

async function ofWorkerpool(workerType: 'thread' | 'process'): Promise<PoolUnderTest> {
  const workerpool = await import('workerpool');
  const pool = workerpool.pool(require.resolve('./workerpool-main.js'), {
    minWorkers: workers,
    maxWorkers: workers,
    workerType,
    forkOpts: { serialization: serialization() },
  });
  const run = async (name: TaskName, argument: unknown): Promise<unknown> =>
    pool.exec(name, [argument]);
  return { run, map: byHand(run), end: async () => pool.terminate(true) };
}

async function ofJest(enableWorkerThreads: boolean): Promise<PoolUnderTest> {
  const { Worker } = await import('jest-worker');
  const names = ['double', 'doubleAll', 'busy', 'touch'] as const;
  const pool = new Worker(tasksFile, {
    numWorkers: workers,
    enableWorkerThreads,
    exposedMethods: names,
    forkOptions: { serialization: serialization() },
  }) as JestWorker & Record<TaskName, (argument: unknown) => Promise<unknown>>;
  const run = (name: TaskName, argument: unknown): Promise<unknown> => pool[name](argument);
  return { run, map: byHand(run), end: () => pool.end() };
}

/** Typed arrays need the slower one; everything else is measured with what is quicker. */
function serialization(): 'advanced' | 'json' {
  return process.env.BENCH_SERIALIZATION === 'advanced' ? 'advanced' : 'json';
}

const spin = 0.05;

const makers = {
  Pool: () => ours(new mp.Pool(workers)),
  'Pool, spin 50 µs': () => ours(new mp.Pool(workers, { spin })),
  ThreadPool: () => ours(new mp.ThreadPool(workers)),
  piscina: ofPiscina,
  'tinypool, threads': () => ofTinypool('worker_threads'),
  'tinypool, processes': () => ofTinypool('child_process'),
  'workerpool, threads': () => ofWorkerpool('thread'),
  'workerpool, processes': () => ofWorkerpool('process'),
  'jest-worker, threads': () => ofJest(true),
  'jest-worker, processes': () => ofJest(false),
} satisfies Record<string, () => PoolUnderTest | Promise<PoolUnderTest>>;

export type PoolName = keyof typeof makers;

/** The pool that the case's second argument names. */
export async function chosenPool(): Promise<PoolUnderTest> {
  const make = makers[process.argv[3] as PoolName] as (typeof makers)[PoolName] | undefined;
  if (make === undefined) throw new RangeError(`pools: ${Object.keys(makers).join('; ')}`);
  return make();
}

/** Ends the program too: what a library leaves behind must not keep it alive. */
export async function endPool(pool: PoolUnderTest): Promise<never> {
  await pool.end();
  process.exit();
}
