// Processes for tests: started, or known to run.
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

export const started = async <T>(child: mp.Process<T>): Promise<mp.Process<T>> => {
  await child.start();
  return child;
};

/** Whether children are copies of this process, to which nothing is sent. */
export const isForking = process.env.NODE_MULTIPROCESSING_START_METHOD === 'fork';
/** For behaviours of what is sent. */
export const itSends = isForking ? it.skip : it;

export const codeOf = (code: string) => (error: Error & { code?: string }) => error.code === code;

/** A process that says when it runs. */
export async function running(
  target: (running: mp.Semaphore) => unknown,
  options: { daemon?: boolean } = {},
): Promise<mp.Process> {
  const semaphore = new mp.Semaphore(0);
  const process = await started(new mp.Process({ target, args: [semaphore], ...options }));
  await within('the child to run', semaphore.acquire());
  return process;
}
