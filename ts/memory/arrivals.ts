// What has arrived here before and is still there: when it arrives again it need not be made again.
// An Array of a megabyte is a buffer of a megabyte to the garbage collector, each time it is made.
import { dropHandle, isHandle, objectOf, type SharedHandle } from './handles.js';
import { classNamed } from './registry.js';

/** More are forgotten. */
const mostKnown = 256;

export class Arrivals {
  readonly #known = new Map<string, WeakRef<object>>();

  /** The object of a handle: the one that is here already, unless it was closed. */
  objectOf(handle: unknown): object {
    if (!isHandle(handle)) return objectOf(handle);
    const shared = classNamed(handle.place.kind, handle.type);
    if (shared?.isOpen === undefined) return objectOf(handle);
    const key = keyOf(handle);
    const known = this.#known.get(key)?.deref();
    if (known !== undefined && shared.isOpen(known)) {
      dropHandle(handle);
      return known;
    }
    const object = objectOf(handle);
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(key, new WeakRef(object));
    return object;
  }
}

/** The same for all handles that stand for one object, seen in one way. */
function keyOf({ type, place, detail }: SharedHandle): string {
  const { segment, offset, serial } = place;
  return JSON.stringify([type, segment, offset, serial, detailKey(detail)]);
}

function detailKey(detail: unknown): unknown {
  if (typeof detail !== 'object' || detail === null) return detail;
  return Object.entries(detail).map(([name, part]: [string, unknown]) => [
    name,
    isHandle(part) ? keyOf(part) : part,
  ]);
}
