// Every wait of a test has a limit and a name, so that a hang says what hung.
import { setTimeout as delay } from 'node:timers/promises';

/** Generous: the suite also runs on two busy cores. */
const defaultLimitMs = 10_000;

/** The promise, or an error that names what was waited for. */
export async function within<T>(
  what: string,
  promise: PromiseLike<T>,
  limitMs = defaultLimitMs,
): Promise<T> {
  const over = new AbortController();
  const watchdog = delay(limitMs, undefined, { signal: over.signal }).then(
    () => {
      throw new Error(`watchdog: after ${limitMs} ms still waiting for ${what}`);
    },
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, watchdog]);
  } finally {
    over.abort();
  }
}

/** Looks again and again, leaving the event loop free, until the condition holds. */
export async function until(
  what: string,
  condition: () => boolean,
  limitMs = defaultLimitMs,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline)
      throw new Error(`watchdog: after ${limitMs} ms not yet ${what}`);
    await delay(1);
  }
}

/** Milliseconds that `run` took, and what it gave. */
export async function timed<T>(run: () => T | PromiseLike<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await run();
  return { ms: performance.now() - start, result };
}

/** Lets everything that is due now in this thread happen: microtasks, timers, messages. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
