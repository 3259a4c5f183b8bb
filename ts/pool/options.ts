// What pools and their methods are given, checked at the edge.
import { invalidArgument, outOfRange } from '../errors.js';
import { isFunctionRef, type FunctionRef } from '../functions/function-ref.js';
import { referenceOf } from '../functions/reference-of.js';
import type { Callable } from '../functions/reference.js';
import { cpuCount } from '../process/cpu-count.js';
import type { StartMethod } from '../process/start-method.js';
import type { ResultCallbacks } from './async-result.js';
import type { CoreOptions } from './core-options.js';
import type { TaskChoices } from './task.js';

/**
 * A function that tasks call: exported, or what `functionRef` and `functionSource` give.
 *
 * @public
 */
export type TaskTarget<A extends readonly unknown[], R> =
  ((...args: A) => R) | FunctionRef<(...args: A) => R>;

/**
 * Choices for a new pool.
 *
 * @public
 */
export interface PoolOptions {
  /** An exported function that each worker calls once, before its first task. */
  readonly initializer?: Callable | FunctionRef | undefined;
  /** The arguments of `initializer`. */
  readonly initargs?: readonly unknown[] | undefined;
  /** A worker is replaced when it has run so many tasks (chunks, in `map`): 1 or more. */
  readonly maxTasksPerChild?: number | null | undefined;
  /** How workers are started: a context of `getContext()`, or a start method. */
  readonly context?: StartMethod | { getStartMethod(): StartMethod } | undefined;
  /** ms for each task that does not say itself, from its first line; see `timeout` there. */
  readonly taskTimeout?: number | null | undefined;
  /** The most tasks that wait; more have to wait to be let in, see `applyAsync`. */
  readonly maxQueue?: number | null | undefined;
  /** A worker whose process has more bytes of memory after a task is replaced. */
  readonly maxMemory?: number | null | undefined;
  /**
   * How long a worker looks for another task, after one, before it sleeps: 0 … 0.05 ms, default 0.
   * It halves the time of a single call, and keeps a processor busy for so long.
   */
  readonly spin?: number | undefined;
}

/**
 * Choices for one task.
 *
 * @public
 */
export interface TaskOptions {
  /**
   * ms that the task may take, from its first line; in `map` and its like each item. Then its worker
   * is ended, and the task rejects with TimeoutError. Default: the pool's `taskTimeout`.
   */
  readonly timeout?: number | null | undefined;
  /** Ends the task: it rejects with `signal.reason`. If it runs, its worker is ended. */
  readonly signal?: AbortSignal | undefined;
  /** How often the task may be run again when its worker ended in it. Default: 0. */
  readonly retries?: number | undefined;
  /** Waiting tasks of a higher priority come first. Default: 0. */
  readonly priority?: number | undefined;
}

/**
 * Choices for `applyAsync`.
 *
 * @public
 */
export interface ApplyOptions<T> extends TaskOptions, ResultCallbacks<T> {}

/**
 * Choices for `map` and `starmap`.
 *
 * @public
 */
export interface MapOptions extends TaskOptions {
  /** Items for one message, 1 or more. Default: as many as take a few ms, by what the first took. */
  readonly chunksize?: number | undefined;
  /** Called when items are done, with how many, and of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Choices for `mapAsync` and `starmapAsync`.
 *
 * @public
 */
export interface MapAsyncOptions<T> extends MapOptions, ResultCallbacks<T> {}

/**
 * Choices for `imap` and `imapUnordered`.
 *
 * @public
 */
export interface ImapOptions extends TaskOptions {
  /** Items for one message, 1 or more. Default: 1. */
  readonly chunksize?: number | undefined;
  /**
   * The most items that are taken from the input beyond those that were given out. Default: enough
   * to keep all workers busy.
   */
  readonly buffersize?: number | undefined;
  /** Called when items are done, with how many; the total is known when the input has ended. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

const mostSpinMs = 0.05;

export const poolNames: readonly string[] = [
  'initializer',
  'initargs',
  'maxTasksPerChild',
  'context',
  'taskTimeout',
  'maxQueue',
  'maxMemory',
  'spin',
];

/** The options as an object, all of whose names are known. */
export function checkNames<T extends object>(
  what: string,
  options: T | undefined,
  names: readonly string[],
): T {
  if (options === undefined) return {} as T;
  if (typeof options !== 'object' || (options as unknown) === null || Array.isArray(options)) {
    throw invalidArgument(`${what} takes options such as { ${names[0]!}: … }`);
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return options;
  throw invalidArgument(`${what} has no option ${unknown}: it takes ${names.join(', ')}`);
}

/** How many workers; by default as many as processors may be used. */
export function checkProcesses(processes: unknown, name = 'processes'): number {
  if (processes === undefined || processes === null) return cpuCount();
  return count(name, processes);
}

/** What all kinds of pools have in common. */
export function checkPool(
  options: PoolOptions,
): Omit<CoreOptions, 'kind' | 'processes' | 'onDemand'> {
  const { initializer, initargs = [], spin = 0 } = options;
  if (initializer !== undefined) checkFunction('initializer', initializer);
  if (!Array.isArray(initargs)) throw invalidArgument('initargs must be an array');
  if (typeof (spin as unknown) !== 'number') throw invalidArgument('spin must be a number of ms');
  if (!(spin >= 0 && spin <= mostSpinMs)) {
    throw outOfRange(`spin must be 0 … ${String(mostSpinMs)} ms, not ${String(spin)}`);
  }
  return {
    initializer,
    initargs: initargs as readonly unknown[],
    spinMs: spin,
    maxTasksPerChild: optionalCount('maxTasksPerChild', options.maxTasksPerChild),
    maxQueue: optionalCount('maxQueue', options.maxQueue),
    maxMemory: optionalCount('maxMemory', options.maxMemory),
  };
}

/** A function that can be sent. */
export function checkFunction(what: string, fn: unknown): void {
  if (typeof fn !== 'function' && !isFunctionRef(fn)) {
    throw invalidArgument(`${what} must be a function`);
  }
  referenceOf(fn);
}

export function optionalCount(name: string, value: unknown): number {
  return value === undefined || value === null || value === Infinity
    ? Infinity
    : count(name, value);
}

export function count(name: string, value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw invalidArgument(`${name} must be a number, not ${kindOf(value)}`);
  }
  if (!Number.isInteger(value) || value < 1) {
    throw outOfRange(`${name} must be a whole number of at least 1, not ${String(value)}`);
  }
  return value;
}

const taskNames = ['timeout', 'signal', 'retries', 'priority'];
const applyNames = [...taskNames, 'callback', 'errorCallback'];
const mapNames = [...applyNames, 'chunksize', 'onProgress'];
const imapNames = [...taskNames, 'chunksize', 'buffersize', 'onProgress'];

export const namesOf = { apply: applyNames, map: mapNames, imap: imapNames } as const;

const noChoices: TaskChoices = { timeoutMs: Infinity, retries: 0, priority: 0, signal: undefined };

/** The choices for one task. */
export function checkTask(options: TaskOptions | undefined, usualTimeoutMs: number): TaskChoices {
  if (options === undefined) {
    return usualTimeoutMs === Infinity ? noChoices : { ...noChoices, timeoutMs: usualTimeoutMs };
  }
  const { timeout, signal, retries = 0, priority = 0 } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgument('signal must be an AbortSignal');
  }
  if (typeof (priority as unknown) !== 'number' || Number.isNaN(priority)) {
    throw invalidArgument('priority must be a number');
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw outOfRange(`retries must be a whole number of at least 0, not ${String(retries)}`);
  }
  const timeoutMs = timeout === undefined ? usualTimeoutMs : checkTimeout('timeout', timeout);
  return { timeoutMs, retries, priority, signal };
}

export function checkTimeout(name: string, timeout: unknown): number {
  if (timeout === undefined || timeout === null) return Infinity;
  if (typeof timeout !== 'number' || Number.isNaN(timeout)) {
    throw invalidArgument(`${name} must be a number of milliseconds, not ${kindOf(timeout)}`);
  }
  return Math.max(timeout, 0);
}

export function checkCallback(name: string, callback: unknown): void {
  if (callback === undefined || typeof callback === 'function') return;
  throw invalidArgument(`${name} must be a function`);
}

const kindOf = (value: unknown): string => (Number.isNaN(value) ? 'NaN' : typeof value);
