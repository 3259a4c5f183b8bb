// What a worker and its pool see of each other at once, in a block of shared memory.
//
//   WORD           | WRITTEN BY | MEANING
//   ---------------+------------+-----------------------------------------------------------------
//   int32  0       | worker     | the task that it runs, 0 between tasks
//   int32  1       | pool       | not 0: begin no task any more, the worker will be ended
//   int32  2       | worker     | how many items of the task's chunk are done
//   float64 2      | worker     | since when it runs the task, or its current item: see clock.ts
//   float64 3      | worker     | bytes of memory that its process has, at times
//
// A task's outcome is one of the messages of the ring first and its number goes afterwards, so when
// the worker has ended, a number without an outcome is the task that ended with it.
//
// SYNC POINT pool-hold: the worker stores the number, then loads the hold; the pool stores the hold,
// then loads the number; all of it sequentially consistent. So either the worker does not begin, or
// the pool sees what it has begun, and ends nobody's task but the one it means.
import { RawArray } from '../values/array.js';

const words = 8;

/** A block for one worker. */
export function newState(): Float64Array {
  return new RawArray('float64', words);
}

export class SharedState {
  readonly #whole: Int32Array;
  readonly #doubles: Float64Array;

  constructor(state: Float64Array) {
    this.#doubles = state;
    this.#whole = new Int32Array(state.buffer, state.byteOffset, 2 * words);
  }

  // The worker's.

  /** False: the pool ends this worker, so the task must not begin. */
  begin(task: number, nowMs: number): boolean {
    this.#doubles[2] = nowMs;
    Atomics.store(this.#whole, 2, 0);
    Atomics.store(this.#whole, 0, task);
    if (Atomics.load(this.#whole, 1) === 0) return true;
    Atomics.store(this.#whole, 0, 0);
    return false;
  }

  /** Goes on with the next item of the chunk. */
  nextItem(done: number, nowMs: number): void {
    this.#doubles[2] = nowMs;
    Atomics.store(this.#whole, 2, done);
  }

  /** Its outcome has been put. */
  end(): void {
    Atomics.store(this.#whole, 0, 0);
  }

  set memoryBytes(bytes: number) {
    this.#doubles[3] = bytes;
  }

  // The pool's.

  get memoryBytes(): number {
    return this.#doubles[3]!;
  }

  /** The task that it runs; 0: none. */
  get running(): number {
    return Atomics.load(this.#whole, 0) >>> 0;
  }

  /** Items of the running task's chunk that are done. */
  get itemsDone(): number {
    return Atomics.load(this.#whole, 2);
  }

  get sinceMs(): number {
    return this.#doubles[2]!;
  }

  /** Lets the worker begin nothing more if it runs that task; false when it does not run it. */
  holdIfRunning(task: number): boolean {
    Atomics.store(this.#whole, 1, 1);
    if (this.running === task) return true;
    Atomics.store(this.#whole, 1, 0);
    return false;
  }

  /** Lets the worker begin nothing more. */
  hold(): void {
    Atomics.store(this.#whole, 1, 1);
  }
}
