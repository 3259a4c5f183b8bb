// What a pool tells of itself.
import { clockMs } from './clock.js';
import type { PoolCore } from './core.js';
import type { TimeFigures } from './figures.js';

/**
 * One worker of a pool, at this moment.
 *
 * @public
 */
export interface WorkerStats {
  /** Such as `ForkServerPoolWorker-1`. */
  readonly name: string;
  /** Of its process; null for a thread, and while it starts. */
  readonly pid: number | null;
  /** `ready`: takes tasks; `retiring`: ends after those that it has. */
  readonly status: 'starting' | 'ready' | 'retiring' | 'ended';
  /** Tasks that it was given and has not ended. */
  readonly tasks: number;
  /** Bytes of memory that its process had lately. */
  readonly memory: number;
}

/**
 * What a pool has done and is doing; a task of `map` is a chunk.
 *
 * @public
 */
export interface PoolStats {
  /** How many workers it is to have. */
  readonly processes: number;
  /** Those that it has. */
  readonly workers: readonly WorkerStats[];
  /** Tasks that no worker has. */
  readonly waiting: number;
  /** Tasks that have not come to their end. */
  readonly outstanding: number;
  /** Tasks that returned. */
  readonly completed: number;
  /** Tasks that came to another end. */
  readonly failed: number;
  /** Tasks that were run again because their worker ended in them. */
  readonly retried: number;
  /** Workers that ended while they ran a task. */
  readonly lost: number;
  /** Workers that were replaced though nobody wanted them to end. */
  readonly replaced: number;
  /** From the call to a task's first line, in ms. */
  readonly waitTime: TimeFigures;
  /** From a task's first line to its outcome, in ms. */
  readonly runTime: TimeFigures;
  /** Share of the workers' time, since the pool was made, in which they ran tasks: 0 … 1. */
  readonly utilisation: number;
  /** Bytes of memory of all workers. */
  readonly memory: number;
}

export function statsOf(core: PoolCore): PoolStats {
  core.crew.look();
  const workers = core.crew.members.map(({ worker, status, sent, state }) => ({
    name: worker.name,
    pid: worker.pid,
    status,
    tasks: sent.size,
    memory: state.memoryBytes,
  }));
  const lifeMs = (clockMs() - core.madeMs) * core.crew.size;
  return {
    processes: core.crew.size,
    workers,
    waiting: core.waiting,
    outstanding: core.outstanding,
    ...core.counts,
    replaced: core.crew.replaced,
    waitTime: core.waits.figures(),
    runTime: core.runs.figures(),
    utilisation: Math.min(core.runs.sum / lifeMs, 1),
    memory: workers.reduce((sum, { memory }) => sum + memory, 0),
  };
}
