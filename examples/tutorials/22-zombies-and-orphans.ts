// Zombies are reaped as soon as somebody asks for them; there are no orphans: a child ends with its
// parent, also when that is killed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

export const shortLife = () => undefined;

/** Waits for ever, and tells its own number. */
export function longLife(pid: mp.Value<'i'>, runs: mp.Semaphore): Promise<never> {
  pid.value = process.pid;
  runs.release();
  setInterval(() => undefined, 1000);
  return new Promise(() => undefined);
}

export async function parentOfOne(pid: mp.Value<'i'>, runs: mp.Semaphore): Promise<void> {
  const child = new mp.Process({ target: longLife, args: [pid, runs] });
  await child.start();
  await child.join();
}

/** Letter of the state in the system: R runs, S sleeps, Z is a zombie. */
const stateOf = (pid: number) =>
  /^State:\t(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
/** The first of a program's threads is a zombie while the others still end. */
const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`).length;

async function zombie(): Promise<void> {
  const child = new mp.Process({ target: shortLife });
  await child.start();
  const pid = child.pid!;
  while (stateOf(pid) !== 'Z' || threadsOf(pid) > 1); // this thread blocks, so nobody reaps the child
  console.log('僵尸进程:', stateOf(pid));
  console.log('is_alive:', child.isAlive());
  console.log('还在吗:', existsSync(`/proc/${pid}`));
}

async function orphan(): Promise<void> {
  const pid = new mp.Value('i', 0);
  const runs = new mp.Semaphore(0);
  const parent = new mp.Process({ target: parentOfOne, args: [pid, runs] });
  await parent.start();
  await runs.acquire();
  parent.kill();
  await parent.join();
  while (existsSync(`/proc/${pid.value}`)) await sleep(10);
  console.log('父进程被杀, 孙进程也结束了');
}

async function main(): Promise<void> {
  await zombie();
  await orphan();
}

if (mp.isMainProcess()) void main();

// Prints:
// 僵尸进程: Z
// is_alive: false
// 还在吗: false
// 父进程被杀, 孙进程也结束了
