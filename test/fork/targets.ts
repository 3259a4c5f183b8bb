// What forked processes run in tests of the start method.
import type { Event, Lock } from 'node-multiprocessing';

export interface Who {
  readonly pid: number;
  readonly ppid: number;
  readonly random: number;
}

export function whoAmI(): Who {
  return { pid: process.pid, ppid: process.ppid, random: Math.random() };
}

export async function waitFor(event: Event): Promise<void> {
  await event.wait();
  process.exitCode = 7;
}

export function waitSyncFor(event: Event): void {
  event.waitSync();
}

export async function holdFor(lock: Lock, held: Event): Promise<void> {
  await lock.acquire();
  held.set();
  await new Promise(() => setInterval(() => undefined, 1000));
}
