// What a pool needs of a worker, whatever it is: a process (process-worker.ts) or a thread. It runs
// `runWorker` (run-worker.ts) with the arguments that it is given.
import type { SimpleQueue } from '../channel/simple-queue.js';
import type { Callable } from '../functions/reference.js';
import type { FunctionRef } from '../functions/function-ref.js';

/** What the function that the worker runs is given; each travels as an argument of a Process does. */
export interface WorkerArguments {
  /** Tasks for the worker; shut down when there will be no more. */
  readonly tasks: SimpleQueue;
  /** What the worker has to tell. */
  readonly results: SimpleQueue;
  /** What both see at once, see shared-state.ts. */
  readonly state: Float64Array;
  readonly initializer: Callable | FunctionRef | undefined;
  readonly initargs: readonly unknown[];
  /** How long the worker looks for another task after one before it sleeps, in ms. */
  readonly spinMs: number;
}

/** How a worker ended. */
export interface WorkerEnd {
  /** As `exitCode` of a Process. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  /** What it threw: its initializer, or the modules that it loads. */
  readonly error?: unknown;
}

/** One worker. */
export interface Worker {
  readonly name: string;
  /** Of its process; null for a thread, and before the start. */
  readonly pid: number | null;
  /** Starts it; rejects when it cannot be started. */
  start(): Promise<void>;
  /** Calls `listener` once it has ended, but keeps no event loop alive for that. */
  onEnd(listener: (end: WorkerEnd) => void): void;
  /** Ends it now, whatever it does. `isHard`: so that nothing can stop that. */
  kill(isHard: boolean): void;
  /** Keeps this thread's event loop alive until it has ended. */
  join(): Promise<unknown>;
}

/** Makes the workers of a pool. */
export interface WorkerKind {
  /** What the pool is called in messages: `Pool` or `ThreadPool`. */
  readonly poolName: string;
  /** Throws where no worker may be started. */
  check(): void;
  /** Numbers begin with 1. */
  make(args: WorkerArguments, number: number): Worker;
}
