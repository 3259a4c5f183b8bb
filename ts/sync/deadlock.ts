// The error instead of a wait that nobody could end.
import { MultiprocessingError } from '../errors.js';

/** @param what - what this thread does that keeps the object from it */
export function refuseDeadlock(what: string): never {
  throw new MultiprocessingError(
    `acquireSync() would wait for ever: this thread ${what}. Release that first, or pass a timeout`,
    { code: 'ERR_MP_DEADLOCK' },
  );
}
