// Handles: a shared object as plain data that any channel can carry.
import { invalidArgument } from '../errors.js';
import { handleOf, objectOf, type SharedHandle } from '../memory/handles.js';

/**
 * A handle of a shared object, to send to another process or thread in whatever way you like.
 *
 * A handle is a reference in flight: it keeps the object alive until it is attached, whatever
 * happens to `object` here. It is for one receiver; make one for each. One that nobody attaches
 * keeps the object until this thread ends. This process must live until the other one has attached:
 * its references end with it, and a process that has attached nothing yet reaches the memory through
 * it.
 *
 * @param object - a Lock, RLock, RWLock, Semaphore, BoundedSemaphore, Barrier, Condition, Event, Value
 * or Array
 * @throws TypeError when the object is not a shared one
 *
 * @example
 * ```ts
 * const child = fork('worker.js');
 * child.send(share(lock));                                    // here
 * process.on('message', (handle) => { lock = attach(handle); }); // in worker.js
 * ```
 *
 * @public
 */
export function share<T extends object>(object: T): SharedHandle<T> {
  const isObject = typeof object === 'object' && (object as unknown) !== null;
  const handle = isObject ? handleOf(object) : undefined;
  if (handle === undefined) {
    throw invalidArgument('share() takes a shared object, such as a Lock or an Array');
  }
  return handle as SharedHandle<T>;
}

/**
 * The object of a handle that {@link share} made, in this process or thread. From now on this
 * thread keeps the object alive, as long as it uses it.
 *
 * @param handle - what the other side sent
 * @throws TypeError when it is not a handle
 * @throws MultiprocessingError `ERR_MP_HANDLE_STALE` when the object, or its process, is gone;
 * `ERR_MP_LAYOUT` when another version of the package made it
 *
 * @public
 */
export function attach<T extends object>(handle: SharedHandle<T>): T {
  return objectOf(handle) as T;
}
