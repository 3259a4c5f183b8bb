// Objects with names: processes that share nothing else find them by a name. An object with a name is
// alone in a file of its own, with the objects that belong to it, such as the lock of a Value; the
// file's root says, as JSON, what the object is: its handle, with places in this file.
import { invalidArgument, MultiprocessingError, NameError, outOfRange } from '../errors.js';
import { native, type NamedContent, type ObjectHandle } from '../native/binding.js';
import { dropHandle, handleOf, isHandle, objectOf, type SharedHandle } from './handles.js';
import { openMemory, release } from './memory.js';
import { classNamed, classOf } from './registry.js';

/**
 * How to open an object by its name. What else a class's `open` takes is for the object that is made
 * if there is none yet.
 *
 * @public
 */
export interface NameOptions {
  /** Makes the object if there is none of this name (default false). */
  readonly create?: boolean | undefined;
  /** With `create`: throws if there is one (default false). */
  readonly exclusive?: boolean | undefined;
  /**
   * Permissions of a new object, as those of a file (default 0o600: this user only). Whoever may use
   * it may also destroy it. To open another user's object this must allow more than 0o600 too.
   */
  readonly mode?: number | undefined;
}

/** What `open` of a class wants. */
export interface Wanted<T extends object> {
  /** The name must be of an object of this class, or of one derived from it. */
  readonly type: abstract new (...args: never[]) => T;
  readonly name: string;
  readonly options: NameOptions;
  /** Makes the object that gets the name, if there is none. */
  readonly make: () => T;
  /** What is wrong with the object that has the name; undefined when nothing is. */
  readonly mismatch?: ((object: T) => string | undefined) | undefined;
}

/** The object of a name. */
export function openNamed<T extends object>(wanted: Wanted<T>): T {
  const { name, options } = wanted;
  checkName(name);
  const { create, exclusive, mode } = checkOptions(options);
  // Before any other segment: the first one of a process is its tree's.
  openMemory();
  if (!exclusive) {
    const content = find(name, mode);
    if (content !== undefined) return opened(wanted, content);
  }
  if (!create) throw notFound(name);
  const original = wanted.make();
  try {
    for (;;) {
      const made = publish(name, mode, original);
      if (made !== undefined) return opened(wanted, made);
      if (exclusive) throw exists(name);
      // Somebody was faster; what that one made is opened, unless it is gone again.
      const content = find(name, mode);
      if (content !== undefined) return opened(wanted, content);
    }
  } finally {
    abandon(original);
  }
}

/**
 * Removes the name of an object. Whoever has opened it keeps it; the memory comes back when the last
 * of them has ended. From now on the name is free.
 *
 * @param name - the name that the object was opened by
 * @throws NameError `ERR_MP_NAME_NOT_FOUND` when there is no object of this name
 *
 * @public
 */
export function unlink(name: string): void {
  checkName(name);
  if (!native.namedRemove(name)) throw notFound(name);
}

function find(name: string, mode: number): NamedContent | undefined {
  const ownOnly = (mode & 0o077) === 0;
  const content = native.namedOpen(name, ownOnly);
  if (content !== false) return content;
  throw new NameError(
    `the object named ${JSON.stringify(name)} is another user's: open it with a mode that allows ` +
      'others to use it, such as { mode: 0o660 }, if you trust that user',
    { code: 'ERR_MP_NAME_OWNER', objectName: name },
  );
}

/** Copies the object into a file of its own; undefined when there is one of this name. */
function publish(name: string, mode: number, original: object): NamedContent | undefined {
  const handle = handleOf(original);
  if (handle === undefined) throw invalidArgument('open() is for shared objects only');
  try {
    const addresses: number[] = [];
    const root = JSON.stringify(moved(handle, (place) => addressIn(place, addresses)));
    return native.namedCreate(name, mode, root, addresses);
  } finally {
    dropHandle(handle);
  }
}

/** Place number `index` of the root; the objects lie in the file in this order. */
function addressIn(
  { segment, pid, descriptor, offset, kind, serial }: ObjectHandle,
  all: number[],
) {
  all.push(native.attachSegment(segment, pid, descriptor) + offset);
  return { index: all.length - 1, kind, serial };
}

function opened<T extends object>({ type, name, mismatch }: Wanted<T>, content: NamedContent): T {
  const { handle, shared } = rootOf(name, content);
  const made: object = shared.type;
  const isWanted = made === type || shared.type.prototype instanceof type;
  if (!isWanted) throw wrongType(name, `a ${handle.type}, not a ${type.name}`);
  const object = objectOf(handle) as T;
  const problem = mismatch?.(object);
  if (problem !== undefined) throw wrongType(name, problem);
  return object;
}

/** The handle that the root of a file is, and the class that it names. */
function rootOf(name: string, { root, segment, descriptor, offsets }: NamedContent) {
  const handle = moved(parsed(root), (place) => {
    const { index, kind, serial } = place as unknown as ObjectHandle & { index: number };
    const offset = offsets[index] ?? 0;
    return { segment, pid: process.pid, descriptor, offset, kind, serial, holder: 0, token: 0 };
  });
  const shared = isHandle(handle) ? classNamed(handle.place.kind, handle.type) : undefined;
  if (isHandle(handle) && shared !== undefined) return { handle, shared };
  throw new MultiprocessingError(
    `the object named ${JSON.stringify(name)} is of a class that this version of ` +
      'node-multiprocessing does not know',
    { code: 'ERR_MP_LAYOUT' },
  );
}

function parsed(root: string): unknown {
  try {
    return JSON.parse(root);
  } catch {
    return undefined;
  }
}

/** A handle with other places, and so all handles in it. */
function moved(handle: unknown, move: (place: ObjectHandle) => object): unknown {
  if (typeof handle !== 'object' || handle === null || !('place' in handle)) return handle;
  const { type, place, detail } = handle as SharedHandle;
  const isNested = typeof detail === 'object' && detail !== null;
  const inner = isNested
    ? Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, moved(value, move)]))
    : detail;
  return { type, place: move(place), ...(inner === undefined ? {} : { detail: inner }) };
}

/** The object that was copied is nobody's. */
function abandon(original: object): void {
  const shared = classOf(original)!;
  release(shared.ownerOf?.(original) ?? original, shared.addressOf(original));
}

const mostBytes = 200;

function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidArgument('the name of an object must be a string');
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > mostBytes || /[/\0]/.test(name) || !isUnicode(name)) {
    throw outOfRange(
      `a name has 1 … ${String(mostBytes)} bytes of UTF-8, without '/' and NUL: ` +
        `${JSON.stringify(name)} has not`,
    );
  }
}

/** Whether it can be UTF-8: it has no half of a surrogate pair. */
function isUnicode(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

function checkOptions(options: unknown): Required<NameOptions & { create: boolean; mode: number }> {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('open() takes options such as { create: true }');
  }
  const { create = false, exclusive = false, mode = 0o600 } = options as NameOptions;
  if ([create, exclusive].some((choice) => typeof choice !== 'boolean')) {
    throw invalidArgument('create and exclusive must be true or false');
  }
  if (exclusive && !create) throw invalidArgument('exclusive is of use only with create: true');
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw outOfRange('mode must be the permissions of a file, 0 … 0o777');
  }
  return { create, exclusive, mode };
}

function notFound(name: string): NameError {
  return new NameError(
    `there is no object named ${JSON.stringify(name)}: to make one use { create: true }`,
    { code: 'ERR_MP_NAME_NOT_FOUND', objectName: name },
  );
}

function exists(name: string): NameError {
  return new NameError(`there is an object named ${JSON.stringify(name)} already`, {
    code: 'ERR_MP_NAME_EXISTS',
    objectName: name,
  });
}

function wrongType(name: string, problem: string): NameError {
  return new NameError(`the object named ${JSON.stringify(name)} is ${problem}`, {
    code: 'ERR_MP_NAME_TYPE',
    objectName: name,
  });
}
