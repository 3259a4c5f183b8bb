// A daemon ends when the main program does, and may not have children of its own.
import * as mp from 'node-multiprocessing';

export const nothing = () => undefined;

export async function task(name: string, ready: mp.Semaphore): Promise<never> {
  console.log(`${name} is piaoing`);
  await new mp.Process({ target: nothing }).start().catch((error: unknown) => {
    console.log((error as mp.MultiprocessingError).code);
  });
  ready.release();
  setInterval(() => undefined, 1000);
  return new Promise(() => undefined);
}

async function main(): Promise<void> {
  const ready = new mp.Semaphore(0);
  const child = new mp.Process({ target: task, args: ['egon', ready], daemon: true });
  await child.start();
  await ready.acquire();
  console.log('主进程');
}

if (mp.isMainProcess()) void main();

// Prints:
// egon is piaoing
// ERR_MP_DAEMON_CHILD
// 主进程
