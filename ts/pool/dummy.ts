// `mp.dummy`: the API of processes over threads, as Python's multiprocessing.dummy.
import { listStarted } from '../threads/active.js';
import type { Thread } from '../threads/thread.js';

export { JoinableQueue } from '../channel/joinable-queue.js';
export * as connection from '../channel/namespace.js';
export { Pipe } from '../channel/pipe.js';
export { Queue } from '../channel/queue.js';
export { SimpleQueue } from '../channel/simple-queue.js';
export { freezeSupport } from '../process/current.js';
export { Barrier } from '../sync/barrier.js';
export { Condition } from '../sync/condition.js';
export { Event } from '../sync/event.js';
export { Lock } from '../sync/lock.js';
export { RLock } from '../sync/rlock.js';
export { BoundedSemaphore, Semaphore } from '../sync/semaphore.js';
export { SharedArray as Array } from '../values/array.js';
export { Value } from '../values/value.js';
export { ThreadPool as Pool } from './thread-pool.js';
export { currentThread as currentProcess } from '../threads/current.js';
export { Thread as Process } from '../threads/thread.js';

/**
 * The threads that this one has started and that run now.
 *
 * @public
 */
export function activeChildren(): Thread[] {
  return listStarted() as Thread[];
}
