// What `threading` has: threads, and the objects by which they work together.
export { JoinableQueue as Queue } from '../channel/joinable-queue.js';
export { BrokenBarrierError } from '../errors.js';
export { ThreadError, ThreadStateError } from '../errors/thread.js';
export { Barrier } from '../sync/barrier.js';
export { Condition } from '../sync/condition.js';
export { Event } from '../sync/event.js';
export { Lock } from '../sync/lock.js';
export { RLock } from '../sync/rlock.js';
export { RWLock } from '../sync/rwlock.js';
export { BoundedSemaphore, Semaphore } from '../sync/semaphore.js';
export {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  getNativeId,
  mainThread,
} from './current.js';
export { setExceptHook, type UncaughtError } from './except-hook.js';
export { Local as local } from './local.js';
export { type ThreadOptions } from './options.js';
export { type ThreadInfo } from './thread-info.js';
export { Thread } from './thread.js';
export { Timer } from './timer.js';
