// A pool for the tests of one start method.
import * as mp from 'node-multiprocessing';

import { within } from '../helpers/watchdog';

export const codeOf = (code: string) => (error: Error & { code?: string }) => error.code === code;
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export class Pools {
  #pool: mp.Pool | undefined;

  constructor(readonly method: mp.StartMethod) {}

  /** The pool of the test: of two workers, unless it was made anew. */
  get pool(): mp.Pool {
    return this.#pool!;
  }

  /** Another pool in the place of the last. */
  async renew(processes = 2, options: mp.PoolOptions = {}): Promise<void> {
    await this.end();
    this.#pool = new mp.Pool(processes, { context: this.method, ...options });
  }

  async end(): Promise<void> {
    const pool = this.#pool;
    if (pool !== undefined) await within('the pool to end', pool[Symbol.asyncDispose]());
  }
}

/** Of threads, with the same methods. */
class ThreadPools extends Pools {
  #threads: mp.ThreadPool | undefined;

  override get pool(): mp.Pool {
    return this.#threads as unknown as mp.Pool;
  }

  override async renew(threads = 2, options: mp.PoolOptions = {}): Promise<void> {
    await this.end();
    this.#threads = new mp.ThreadPool(threads, options);
  }

  override async end(): Promise<void> {
    const pool = this.#threads;
    if (pool !== undefined) await within('the pool to end', pool[Symbol.asyncDispose]());
  }
}

/** The same tests for each start method, and for threads. */
export function forEachKind(title: string, tests: (pools: Pools) => void): void {
  forEachMethod(title, tests);
  describe(`${title}, threads`, () => {
    const pools = new ThreadPools('spawn');
    before(() => pools.renew());
    after(() => pools.end());
    tests(pools);
  });
}

/** The same tests for each start method that works here. */
export function forEachMethod(title: string, tests: (pools: Pools) => void): void {
  for (const method of mp.getAllStartMethods()) {
    describe(`${title}, ${method}`, () => {
      const pools = new Pools(method);
      before(() => pools.renew());
      after(() => pools.end());
      tests(pools);
    });
  }
}
