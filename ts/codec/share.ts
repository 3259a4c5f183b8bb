// Handles: a shared object as plain data that any channel can carry.
import { invalidArgument } from '../errors.js';
import { attachObject, describeObject } from '../memory/memory.js';
import { classNamed, classOf, objectAt } from '../memory/registry.js';
import type { ObjectHandle } from '../native/binding.js';

/**
 * A shared object as plain data: JSON, structured clone and any message channel can carry it. Made
 * by {@link share}, used by {@link attach}.
 *
 * @public
 */
export interface SharedHandle<T extends object = object> {
  /** Name of the object's class. */
  readonly type: string;
  /** Where the object is. */
  readonly place: ObjectHandle;
  /** Only for the type checker: what `attach` gives. */
  readonly '~object'?: T;
}

/**
 * A handle of a shared object, to send to another process or thread in whatever way you like.
 *
 * Between share and the first attach in the other process this process must live: its memory is
 * reached through it. The objects of a process that has attached once are found without it.
 *
 * @param object - a Lock, RLock, Semaphore or BoundedSemaphore
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
  const shared =
    typeof object === 'object' && (object as unknown) !== null ? classOf(object) : undefined;
  if (shared === undefined) {
    throw invalidArgument('share() takes a shared object, such as a Lock or a Semaphore');
  }
  return { type: shared.type.name, place: describeObject(object, shared.addressOf(object)) };
}

/**
 * The object of a handle that {@link share} made, in this process or thread.
 *
 * @param handle - what the other side sent
 * @throws TypeError when it is not a handle
 * @throws MultiprocessingError `ERR_MP_HANDLE_STALE` when the object, or its process, is gone;
 * `ERR_MP_LAYOUT` when another version of the package made it
 *
 * @public
 */
export function attach<T extends object>(handle: SharedHandle<T>): T {
  if (!isHandle(handle)) throw invalidArgument('attach() takes a handle that share() made');
  const shared = classNamed(handle.place.kind, handle.type);
  if (shared === undefined) {
    throw invalidArgument(`attach() does not know shared objects of type ${handle.type}`);
  }
  return objectAt(shared, attachObject(handle.place)) as T;
}

function isHandle(value: unknown): value is SharedHandle {
  if (typeof value !== 'object' || value === null) return false;
  const { type, place } = value as Partial<SharedHandle>;
  if (typeof type !== 'string' || typeof place !== 'object') return false;
  if ((place as unknown) === null) return false;
  const { segment, pid, descriptor, offset, kind, serial } = place as Partial<ObjectHandle>;
  const numbers = [pid, descriptor, offset, kind, serial];
  return typeof segment === 'string' && numbers.every((number) => isCount(number));
}

/** Whether it is a number that the system may have given: all of a handle's are small. */
function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
