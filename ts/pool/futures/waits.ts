// Waiting for several futures.
import { invalidArgument, TimeoutError } from '../../errors.js';
import { checkAwait, type WaitOptions } from '../../sync/options.js';
import { Waiting } from '../../sync/waiting.js';
import { Future } from './future.js';

/* eslint-disable @typescript-eslint/naming-convention -- the names are CPython's */
/** `returnWhen` of `wait`: as soon as one is done. @public */
export const FIRST_COMPLETED = 'FIRST_COMPLETED';
/** `returnWhen` of `wait`: as soon as one threw, or all are done. @public */
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION';
/** `returnWhen` of `wait`: when all are done. @public */
export const ALL_COMPLETED = 'ALL_COMPLETED';
/* eslint-enable @typescript-eslint/naming-convention */

/**
 * Choices for `wait`.
 *
 * @public
 */
export interface WaitFuturesOptions extends WaitOptions {
  /** When it is over. Default: `'ALL_COMPLETED'`. */
  readonly returnWhen?: 'FIRST_COMPLETED' | 'FIRST_EXCEPTION' | 'ALL_COMPLETED' | undefined;
}

const moments: readonly string[] = [FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED];

function futuresOf<T>(futures: Iterable<Future<T>>): Set<Future<T>> {
  const all = new Set(futures);
  for (const future of all) {
    if (!((future as unknown) instanceof Future)) throw invalidArgument('these must be Futures');
  }
  return all;
}

/** Resolves when the time is over, or `begin` has called what it was given. */
async function waitFor(timeoutMs: number, begin: (finish: () => void) => void): Promise<void> {
  const waiting: Waiting<void> = new Waiting<void>(
    { timeoutMs, signal: undefined },
    {
      onTimeout: () => {
        waiting.resolve();
      },
      onAbort: () => undefined,
    },
  );
  begin(() => {
    waiting.resolve();
  });
  await waiting.promise;
}

/**
 * Waits for futures; a timeout is no error.
 *
 * @param options - `timeout` in ms, `returnWhen`
 * @returns those that are done, and the others
 *
 * @public
 */
export async function wait<T>(
  futures: Iterable<Future<T>>,
  { returnWhen = ALL_COMPLETED, timeout }: WaitFuturesOptions = {},
): Promise<{ done: Set<Future<T>>; notDone: Set<Future<T>> }> {
  const all = futuresOf(futures);
  const { timeoutMs } = checkAwait('wait', { timeout });
  if (!moments.includes(returnWhen)) {
    throw invalidArgument(`returnWhen is one of ${moments.join(', ')}`);
  }
  const result = (): { done: Set<Future<T>>; notDone: Set<Future<T>> } => ({
    done: new Set([...all].filter((future) => future.done())),
    notDone: new Set([...all].filter((future) => !future.done())),
  });
  if (all.size === 0) return result();
  await waitFor(timeoutMs, (finish) => {
    let left = all.size;
    for (const future of all) {
      future.addDoneCallback(() => {
        left -= 1;
        if (left === 0 || returnWhen === FIRST_COMPLETED) finish();
        else if (returnWhen === FIRST_EXCEPTION && !future.cancelled()) {
          void future.exception().then((error) => {
            if (error !== undefined) finish();
          });
        }
      });
    }
  });
  return result();
}

/**
 * Futures as they are done, each once.
 *
 * @param options - `timeout` in ms, from this call on
 * @returns an iterable for `for await`; its `next()` throws TimeoutError when the time has passed:
 * `2 (of 4) futures unfinished`
 *
 * @public
 */
export function asCompleted<T>(
  futures: Iterable<Future<T>>,
  { timeout }: WaitOptions = {},
): AsyncIterableIterator<Future<T>, undefined> {
  const all = futuresOf(futures);
  const { timeoutMs } = checkAwait('asCompleted', { timeout });
  const untilMs = performance.now() + timeoutMs;
  const done: Future<T>[] = [];
  // Those that were given out are not held here.
  const total = all.size;
  let left = total;
  let tell = (): void => undefined;
  for (const future of all) {
    future.addDoneCallback((which) => {
      done.push(which);
      tell();
    });
  }
  // No generator: that would await the futures which it yields.
  const iterator: AsyncIterableIterator<Future<T>, undefined> = {
    async next() {
      if (left === 0) return { done: true, value: undefined };
      if (done.length === 0) {
        await waitFor(Math.max(untilMs - performance.now(), 0), (finish) => {
          tell = finish;
        });
      }
      const value = done.shift();
      if (value === undefined) {
        throw new TimeoutError(`${String(left)} (of ${String(total)}) futures unfinished`);
      }
      left -= 1;
      return { done: false, value };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
