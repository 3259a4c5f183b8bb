// From shared objects to plain data and back, whatever their class.
import { invalidArgument } from '../errors.js';
import { native, type ObjectHandle } from '../native/binding.js';
import { attachObject, dropWhenUnreachable, withdrawHandle } from './memory.js';
import { classNamed, classOf, objectAt } from './registry.js';

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
  /** What else its class needs to know, such as the handle of its lock. */
  readonly detail?: unknown;
  /** Only for the type checker: what `attach` gives. */
  readonly '~object'?: T;
}

/**
 * The handle of a shared object, which it keeps alive until somebody attaches it, or takes it back
 * with {@link dropHandle}, or until this thread ends; undefined when the object is none.
 *
 * @param holder - with whose end the handle is to end instead: the id of another thread of the tree
 * (`native.selfAt(0)` there), of a receiver that may read its message when this thread is gone
 */
export function handleOf(object: object, holder?: number): SharedHandle | undefined {
  const shared = classOf(object);
  if (shared === undefined) return undefined;
  const place = native.describe(shared.addressOf(object), holder);
  try {
    const detail = shared.detailOf?.(object, holder);
    return { type: shared.type.name, place, ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    withdrawHandle(place);
    throw error;
  }
}

/** The object of a handle; throws when it is not one, or its object is gone. */
export function objectOf(handle: unknown): object {
  if (!isHandle(handle)) throw invalidArgument('attach() takes a handle that share() made');
  const shared = classNamed(handle.place.kind, handle.type);
  if (shared === undefined) {
    throw invalidArgument(`attach() does not know shared objects of type ${handle.type}`);
  }
  const place = attachObject(handle.place);
  try {
    const object = objectAt(shared, place, handle.detail);
    dropWhenUnreachable(shared.ownerOf?.(object) ?? object, place.address);
    return object;
  } catch (error) {
    native.drop(place.address);
    throw error;
  }
}

/**
 * Takes a handle back that nobody will attach, and all handles in it: a message that was not sent,
 * or whose receiver has ended. Those that were attached are left alone.
 */
export function dropHandle(handle: unknown): void {
  if (!isHandle(handle)) return;
  withdrawHandle(handle.place);
  if (typeof handle.detail !== 'object' || handle.detail === null) return;
  for (const inner of Object.values(handle.detail)) dropHandle(inner);
}

/** Whether it has all that a handle has; what it names may be gone. */
export function isHandle(value: unknown): value is SharedHandle {
  if (typeof value !== 'object' || value === null) return false;
  const { type, place } = value as Partial<SharedHandle>;
  if (typeof type !== 'string' || typeof place !== 'object') return false;
  if ((place as unknown) === null) return false;
  const { segment, pid, descriptor, offset, kind, serial, holder, token } =
    place as Partial<ObjectHandle>;
  const numbers = [pid, descriptor, offset, kind, serial, holder, token];
  return typeof segment === 'string' && numbers.every((number) => isCount(number));
}

/** Whether it is a number that the system may have given: all of a handle's are small. */
function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
