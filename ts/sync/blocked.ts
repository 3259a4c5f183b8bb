// What a native wait that blocked the thread came to.
import { MultiprocessingError } from '../errors.js';
import { Outcome } from '../native/binding.js';

/** `worker.terminate()` takes microseconds from its first step to the last one. */
const patienceMs = 1000;

/**
 * Whether the wait got what it waited for. One without a timeout gets it, or it does not return: it
 * is only broken off in a thread that is being terminated, which must do nothing of what comes
 * next, for it believes that it holds a lock.
 */
export function hasAcquired(outcome: Outcome, timeoutMs: number): boolean {
  if (outcome === Outcome.busy && timeoutMs === Infinity) awaitTermination();
  return outcome === Outcome.acquired;
}

/** V8 ends a thread at the next turn of a loop, or call, not between two other instructions. */
function awaitTermination(): never {
  const untilMs = performance.now() + patienceMs;
  while (performance.now() < untilMs);
  throw new MultiprocessingError('a wait without a timeout was broken off', {
    code: 'ERR_MP_INTERNAL',
  });
}
