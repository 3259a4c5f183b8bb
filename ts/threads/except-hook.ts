// What happens with an error that ends a thread.
import { textOf } from '../process/report.js';
import type { Thread } from './thread.js';

/**
 * An error that ended a thread.
 *
 * @public
 */
export interface UncaughtError {
  /** What was thrown. */
  readonly error: unknown;
  /** The thread that it ended. */
  readonly thread: Thread;
}

let chosen: ((uncaught: UncaughtError) => void) | undefined;

/**
 * Sets what this thread, and no other, does with an error that ends it: called instead of writing
 * the error to stderr. `result()` has the error in any case. At the top of the main module it holds
 * for all threads, which run that too.
 *
 * @param hook - null: the default again
 *
 * @public
 */
export function setExceptHook(hook: ((uncaught: UncaughtError) => void) | null): void {
  chosen = hook ?? undefined;
}

/** Tells of an error that ends this thread. */
export function tellUncaught(uncaught: UncaughtError): void {
  if (chosen === undefined) {
    const { error, thread } = uncaught;
    process.stderr.write(`Exception in thread ${thread.name}:\n${textOf(error)}\n`);
  } else {
    chosen(uncaught);
  }
}
