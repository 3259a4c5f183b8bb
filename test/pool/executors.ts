// An executor for the tests of one kind.
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

type Make = (
  workers?: number,
  options?: mp.futures.ExecutorOptions,
) => mp.futures.ProcessPoolExecutor | mp.futures.ThreadPoolExecutor;

/** The same tests for processes, by each start method that works here, and for threads. */
export function forEachExecutor(tests: (make: Make, isForked: boolean) => void): void {
  for (const method of mp.getAllStartMethods()) {
    describe(`ProcessPoolExecutor, ${method}`, () => {
      tests((n = 2, options = {}) => {
        return new mp.futures.ProcessPoolExecutor(n, { mpContext: method, ...options });
      }, method === 'fork');
    });
  }
  describe('ThreadPoolExecutor', () => {
    tests((n = 2, options = {}) => new mp.futures.ThreadPoolExecutor(n, options), false);
  });
}

/** What a map gives until it ends, and the message of the error that ends it. */
export async function allOf(results: AsyncIterable<unknown>): Promise<[unknown[], string?]> {
  const values: unknown[] = [];
  try {
    for await (const value of results) values.push(value);
  } catch (error) {
    return [values, (error as Error).message];
  }
  return [values];
}

/** A worker that runs a call until it may go on. */
export class Stop {
  readonly #running = new mp.Semaphore(0);
  readonly #goOn = new mp.Semaphore(0);

  /** What such a call is given. */
  get args(): [mp.Semaphore, mp.Semaphore] {
    return [this.#running, this.#goOn];
  }

  get hasAnother(): boolean {
    return this.#running.tryAcquire();
  }

  async isReached(times = 1): Promise<void> {
    for (let i = 0; i < times; i += 1) await within('a call to run', this.#running.acquire());
  }

  release(times = 1): void {
    this.#goOn.release(times);
  }
}
