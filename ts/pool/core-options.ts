// What a pool's core is made with.
import type { CrewOptions } from './crew.js';

export interface CoreOptions extends CrewOptions {
  /** The most tasks that may wait. */
  readonly maxQueue: number;
  /** A worker of more bytes is replaced when its task is done. */
  readonly maxMemory: number;
  /** What the pool fails with when a signal ends a worker; undefined: it does not. */
  readonly breaksWith?: ((cause: unknown) => Error) | undefined;
}

export type PoolState = 'running' | 'closed' | 'terminated' | 'broken';
