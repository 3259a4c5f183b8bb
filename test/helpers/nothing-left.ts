// Mocha root hooks: the suite fails when it leaves a process running or a name in /dev/shm.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '#internal/native/binding';

/** Inherited by every process that a test starts, also by those whose parent has gone. */
const marker = 'NODE_MULTIPROCESSING_TEST_RUN';
const run = randomUUID();

/** How long processes that are ending already may take. */
const patienceMs = 5_000;

const sharedMemoryNames = (): string[] =>
  existsSync('/dev/shm') ? readdirSync('/dev/shm').sort() : [];

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended meanwhile, or is another user's.
    return '';
  }
}

/** `pid command` of each process of this run; zombies have no environment and do not count. */
function processesLeft(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => readIfThere(`/proc/${pid}/environ`).includes(`${marker}=${run}`))
    .map((pid) => `${pid} ${readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

let namesBefore: string[] = [];

export const mochaHooks = {
  beforeAll(): void {
    process.env[marker] = run;
    namesBefore = sharedMemoryNames();
  },

  async afterAll(): Promise<void> {
    // It serves this process as long as that lives.
    native.forkserverStop();
    const deadline = performance.now() + patienceMs;
    let names = sharedMemoryNames().filter((name) => !namesBefore.includes(name));
    // A name that comes and goes is of another run beside this one.
    while (processesLeft().length + names.length > 0 && performance.now() < deadline) {
      await sleep(20);
      const current = sharedMemoryNames();
      names = names.filter((name) => current.includes(name));
    }
    const left = processesLeft();
    // They would keep the run from ending, as their channels keep the event loop alive.
    for (const line of left) process.kill(Number.parseInt(line), 'SIGKILL');
    assert.deepEqual(left, [], 'processes left running');
    assert.deepEqual(names, [], 'names left in /dev/shm');
  },
};
