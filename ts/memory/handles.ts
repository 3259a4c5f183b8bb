// From shared objects to plain data and back, whatever their class.
import { invalidArgument } from '../errors.js';
import type { ObjectHandle } from '../native/binding.js';
import { attachObject, describeObject } from './memory.js';
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

/** The handle of a shared object; undefined when it is none. */
export function handleOf(object: object): SharedHandle | undefined {
  const shared = classOf(object);
  if (shared === undefined) return undefined;
  const owner = shared.ownerOf?.(object) ?? object;
  const place = describeObject(owner, shared.addressOf(object));
  const detail = shared.detailOf?.(object);
  return { type: shared.type.name, place, ...(detail === undefined ? {} : { detail }) };
}

/** The object of a handle; throws when it is not one, or its object is gone. */
export function objectOf(handle: unknown): object {
  if (!isHandle(handle)) throw invalidArgument('attach() takes a handle that share() made');
  const shared = classNamed(handle.place.kind, handle.type);
  if (shared === undefined) {
    throw invalidArgument(`attach() does not know shared objects of type ${handle.type}`);
  }
  return objectAt(shared, attachObject(handle.place), handle.detail);
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

export function discardHandle(handle: SharedHandle): void {
  void handle;
}
