// Threads for tests: started, done, or known to run.
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

const { threading } = mp;
type Thread<T> = mp.threading.Thread<T>;

export const started = async <T>(thread: Thread<T>): Promise<Thread<T>> => {
  await within('the thread to start', thread.start());
  return thread;
};

/** Starts a thread and gives what its target returned. */
export async function run<T, A extends readonly unknown[]>(
  target: (...args: A) => T | PromiseLike<T>,
  ...args: A
): Promise<T> {
  const thread = await started(new threading.Thread({ target, args }) as Thread<T>);
  return within('the result', thread.result());
}

/** A thread that says when it runs. */
export async function running(
  target: (running: mp.Semaphore) => unknown,
  options: { daemon?: boolean; name?: string } = {},
): Promise<Thread<unknown>> {
  const semaphore = new mp.Semaphore(0);
  const thread = new threading.Thread({ target, args: [semaphore], ...options });
  await started(thread);
  await within('the thread to run', semaphore.acquire());
  return thread;
}
