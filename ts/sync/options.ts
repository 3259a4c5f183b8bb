// Options of everything that waits, checked at the edge.
import { invalidArgument } from '../errors.js';

/**
 * Options of a wait that blocks the thread.
 *
 * @public
 */
export interface WaitOptions {
  /**
   * Milliseconds to wait at most. Undefined, null and Infinity: for ever. Negative: as 0, which
   * tries once.
   */
  readonly timeout?: number | null | undefined;
}

/**
 * Options of a wait that is a Promise.
 *
 * @public
 */
export interface AwaitOptions extends WaitOptions {
  /** Ends the wait: the Promise rejects with `signal.reason`, and nothing is held. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a guard does when the previous owner ended while it held the lock.
 *
 * @public
 */
export interface AbandonedOptions {
  /**
   * `'throw'`: release the lock and throw `OwnerDiedError`. `'ignore'` (default): go on; the guard's
   * `abandoned` tells.
   */
  readonly onAbandoned?: 'throw' | 'ignore' | undefined;
}

/** Checked options: no timeout is Infinity. */
export interface CheckedWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The timeout of a blocking wait, in ms; Infinity waits for ever. */
export function checkWait(method: string, options: WaitOptions | undefined): number {
  if (options === undefined) return Infinity;
  checkObject(method, options);
  if ('signal' in options && options.signal !== undefined) {
    throw invalidArgument(
      `${method}() blocks the thread, so no signal can be heard: use the awaitable form`,
    );
  }
  return checkTimeout(options.timeout);
}

/** Checks the options of an awaitable wait. */
export function checkAwait(method: string, options: AwaitOptions | undefined): CheckedWait {
  if (options === undefined) return { timeoutMs: Infinity, signal: undefined };
  checkObject(method, options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument('signal must be an AbortSignal');
  }
  return { timeoutMs: checkTimeout(options.timeout), signal };
}

/** Checks `onAbandoned`; true when an abandoned lock is to throw. */
export function checkAbandoned(options: AbandonedOptions | undefined): boolean {
  const choice: unknown = options?.onAbandoned ?? 'ignore';
  if (choice !== 'throw' && choice !== 'ignore') {
    throw invalidArgument(`onAbandoned must be 'throw' or 'ignore', not ${JSON.stringify(choice)}`);
  }
  return choice === 'throw';
}

function checkObject(method: string, options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw invalidArgument(
    `${method}() takes options such as { timeout: ms }, not ${describe(options)}; ` +
      (/^(acquire|guard|runExclusive)/.test(method)
        ? 'to try without waiting use tryAcquire()'
        : 'to ask without waiting use { timeout: 0 }'),
  );
}

function checkTimeout(timeout: unknown): number {
  if (timeout === undefined || timeout === null) return Infinity;
  if (typeof timeout !== 'number' || Number.isNaN(timeout)) {
    throw invalidArgument(`timeout must be a number of milliseconds, not ${describe(timeout)}`);
  }
  return timeout > 0 ? timeout : 0;
}

function describe(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? String(value)
    : `a ${typeof value}`;
}
