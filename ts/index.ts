// The public API.
export { attach, share, type SharedHandle } from './codec/share.js';
export {
  MultiprocessingError,
  NotOwnerError,
  OverReleaseError,
  OwnerDiedError,
  SystemCallError,
  TimeoutError,
  type ErrorDetails,
} from './errors.js';
export { type ObjectHandle } from './native/binding.js';
export { type Guard } from './sync/guard.js';
export { Lock, type LockOptions } from './sync/lock.js';
export { type AbandonedOptions, type AwaitOptions, type WaitOptions } from './sync/options.js';
export { RLock } from './sync/rlock.js';
export { BoundedSemaphore, Semaphore } from './sync/semaphore.js';
