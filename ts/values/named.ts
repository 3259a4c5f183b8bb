// Values and Arrays with names: their options, and whether what a name is of is what was asked for.
import { invalidArgument } from '../errors.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { sameType, typeName } from './handles.js';
import { lockKey, type Parts } from './parts.js';

/**
 * What data starts as that `open` makes, besides its content.
 *
 * @public
 */
export interface DataOpening<T, L extends boolean = boolean> extends NameOptions {
  /**
   * A type code or name, or a `struct()`. To make one it must be given; else it may be, and the one
   * that is there must be of this type.
   */
  readonly type?: T | undefined;
  /** True (default): with an RLock of its own. False: as `RawValue` and `RawArray`. */
  readonly lock?: L | undefined;
}

/** Value or Array, as what objects are instances of. */
export type ClassOfData = abstract new (...args: never[]) => object;

interface Wanted {
  readonly type: ClassOfData;
  readonly name: string;
  readonly options: DataOpening<unknown>;
  readonly make: () => object;
  /** What else may be wrong with the one that is there. */
  readonly mismatch?: (object: object) => string | undefined;
}

/** The Value or Array of a name. */
export function openNamedData({ mismatch, make, ...wanted }: Wanted): object {
  const { type, lock = true, create } = wanted.options;
  if (typeof lock !== 'boolean') {
    throw invalidArgument('what has a name has a lock of its own: lock must be true or false');
  }
  if (create === true && type === undefined) {
    throw invalidArgument('open() with create: true needs a type');
  }
  return openNamed({
    ...wanted,
    make,
    mismatch: (object) => {
      const parts = object as Parts;
      if (type !== undefined && !sameType(parts, type)) {
        return `of type ${typeName(parts)}, not of the type that was asked for`;
      }
      if (lock && parts[lockKey] === undefined) return 'without a lock: open it with lock: false';
      return mismatch?.(object);
    },
  });
}
