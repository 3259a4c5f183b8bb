// A promise for something that listeners tell about.
import type { CheckedWait } from '../sync/options.js';

/** The longest delay that setTimeout takes. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Resolves with true as soon as `isDone`, which is looked at whenever one of `listeners` is called;
 * with false when the time is over. Rejects with the signal's reason.
 */
export function settled(
  { timeoutMs, signal }: CheckedWait,
  isDone: () => boolean,
  listeners: Set<() => void>,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  let timer: NodeJS.Timeout | undefined;
  return new Promise<boolean>((resolve, reject) => {
    const abort = (): void => {
      // The reason is the caller's own, whatever it is.
      settle(() => {
        reject(signal?.reason as Error);
      });
    };
    const look = (): void => {
      if (isDone()) finish();
    };
    const settle = (result: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      listeners.delete(look);
      result();
    };
    const finish = (): void => {
      settle(() => {
        resolve(isDone());
      });
    };
    const wake = (): void => {
      // Timers round down, and long waits take several.
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) finish();
      else timer = setTimeout(wake, Math.min(leftMs, maxTimerMs));
    };
    listeners.add(look);
    signal?.addEventListener('abort', abort, { once: true });
    if (timeoutMs !== Infinity) wake();
  });
}
