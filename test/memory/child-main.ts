// Programs of the memory suite that need a process of their own, under limits: the first argument
// names one. Each prints one line of JSON.
import { native } from '#internal/native/binding';
import { openMemory } from '#internal/memory/memory';
import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage.js';

interface Thrown {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly cause?: { code: string; errno: number; syscall: string };
}

function thrownBy(run: () => void): Thrown | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    const { name, code, message, cause } = error as Thrown;
    const details = cause && { code: cause.code, errno: cause.errno, syscall: cause.syscall };
    return { name, code, message, ...(details && { cause: details }) };
  }
}

/** Makes blocks until there is no more room, frees some, and goes on. */
async function exhaust(): Promise<unknown> {
  const first = new mp.Lock();
  const blockBytes = 64 * 1024;
  const blocks: number[] = [];
  let locks: mp.Lock[] = [];
  const byBlocks = thrownBy(() => {
    while (blocks.length < 100_000) blocks.push(native.allocate(blockBytes));
  });
  const byLocks = thrownBy(() => {
    while (locks.length < 100_000) locks.push(new mp.Lock());
  });
  const count = locks.length;
  // What there is still works, and memory that comes back can be used again.
  const works = first.tryAcquire() && locks.every((lock) => lock.tryAcquire());
  native.free(blocks.pop()!);
  locks = [];
  await collectGarbage();
  const after = thrownBy(() => {
    for (let i = 0; i < count; i++) locks.push(new mp.Lock());
  });
  const reused = locks.every((lock) => lock.tryAcquire());
  return { blocks: blocks.length, locks: count, byBlocks, byLocks, works, after, reused };
}

/** Which back end came out, and whether it works. */
async function backend(): Promise<unknown> {
  const lock = new mp.Lock();
  const semaphore = new mp.Semaphore(0);
  lock.acquireSync();
  const acquired = lock.acquire();
  lock.release();
  const works = (await acquired) && !semaphore.tryAcquire();
  semaphore.release();
  return { backend: openMemory().name, works: works && semaphore.tryAcquire() };
}

/** Attaches to the object of the handle in the second argument. */
function attach(): unknown {
  const handle = JSON.parse(process.argv[3] ?? 'null') as mp.SharedHandle<mp.Lock>;
  return { thrown: thrownBy(() => mp.attach(handle)) };
}

const programs: Record<string, () => unknown> = { exhaust, backend, attach };

async function run(): Promise<void> {
  const result = await programs[process.argv[2] ?? '']?.();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

void run();
