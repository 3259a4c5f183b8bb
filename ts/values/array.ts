// Array and RawArray: typed arrays, and arrays of structs, in shared memory. Inside the package
// they are SharedArray and RawArray, for `Array` is JavaScript's own.
import { closeBlock, createBlock, type Block } from '../memory/block.js';
import { ElementType, ObjectKind } from '../native/binding.js';
import type { Lock } from '../sync/lock.js';
import type { RLock } from '../sync/rlock.js';
import type { ArrayContent, ArrayType, CharMembers, CodePointMembers } from './array-types.js';
import { registerData } from './handles.js';
import { openNamedData, type ClassOfData, type DataOpening } from './named.js';
import {
  blockKey,
  hasParts,
  setParts,
  lockKey,
  structKey,
  type DataLock,
  type Parts,
} from './parts.js';
import { RecordArray } from './record-array.js';
import { recordClassOf } from './record-class.js';
import { scalarNamed, unknownType, type Scalar } from './scalars.js';
import { checkLength, createArrayBlock, elementsOf, sharedArrayClass } from './shared-arrays.js';
import { layoutOf } from './struct.js';
import type { StructArray, StructType } from './struct-types.js';
import { openData, type DataClass } from './synchronized-class.js';
import { lockOf, type DataOptions, type Synchronized } from './synchronized.js';
import type { ScalarType, TypedArrayOf } from './types.js';

/**
 * An array in shared memory, without a lock.
 *
 * @public
 */
export type RawArray<T extends ArrayType = ArrayType> = Disposable & {
  /**
   * Gives the memory up: the length of this array, and of everything made from its buffer, is 0
   * from now on. Other processes keep theirs.
   */
  close(): void;
} & (T extends StructType<infer F>
    ? StructArray<F>
    : T extends ScalarType
      ? TypedArrayOf<T> &
          (T extends 'c' | 'char' ? CharMembers : T extends 'u' ? CodePointMembers : unknown)
      : never);

/**
 * An array in shared memory, with a lock.
 *
 * @public
 */
export type SharedArray<
  T extends ArrayType = ArrayType,
  L extends Lock | RLock = RLock,
> = RawArray<T> & Synchronized<RawArray<T>, L>;

/**
 * Makes Arrays; see {@link (SharedArray:variable)}.
 *
 * @public
 */
export interface SharedArrayConstructor {
  /** Makes an Array, guarded by an RLock of its own. */
  new <T extends ArrayType>(
    type: T,
    content: ArrayContent<T>,
    options?: DataOptions<true>,
  ): SharedArray<T>;
  /** Makes an Array, without a lock. */
  new <T extends ArrayType>(
    type: T,
    content: ArrayContent<T>,
    options: { readonly lock: false },
  ): RawArray<T>;
  /** Makes an Array, guarded by the given lock. */
  new <T extends ArrayType, L extends Lock | RLock>(
    type: T,
    content: ArrayContent<T>,
    options: { readonly lock: L },
  ): SharedArray<T, L>;
  /**
   * The Array of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; `type`, `lock` and, for a new one, `content`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  open<T extends ArrayType = ArrayType>(
    name: string,
    options?: ArrayOpening<T, true>,
  ): SharedArray<T>;
  /** The same, without a lock. */
  open<T extends ArrayType = ArrayType>(
    name: string,
    options: ArrayOpening<T> & { readonly lock: false },
  ): RawArray<T>;
}

/**
 * How to open an Array by its name.
 *
 * @public
 */
export interface ArrayOpening<
  T extends ArrayType = ArrayType,
  L extends boolean = boolean,
> extends DataOpening<T, L> {
  /**
   * Of a new one: how many elements, all 0, or an iterable of them. As a number also how many the
   * one that is there must have.
   */
  readonly content?: ArrayContent<T> | undefined;
}

/**
 * Makes RawArrays; see {@link (RawArray:variable)}.
 *
 * @public
 */
export type RawArrayConstructor = new <T extends ArrayType>(
  type: T,
  content: ArrayContent<T>,
) => RawArray<T>;

/** Makes the object of a type, with what it starts as. */
function create(type: unknown, content: unknown, lock?: DataLock): object {
  const scalar = scalarNamed(type);
  if (scalar !== undefined) {
    return openData(sharedArrayClass(scalar), createArrayBlock(scalar, content), lock);
  }
  if (layoutOf(type) === undefined) throw unknownType(type);
  const of = type as StructType;
  const records = typeof content === 'number' ? undefined : elementsOf(content);
  const length = records?.length ?? checkLength(content);
  const { kind, element } = { kind: ObjectKind.array, element: ElementType.record };
  const block = createBlock({ kind, element, byteLength: length * of.size });
  const array = openData(classOf(of), block, lock);
  if (records !== undefined) (array as unknown as RecordArray).set(records);
  return array;
}

const structClasses = new WeakMap<StructType, DataClass>();

function classOf(type: Scalar | StructType): DataClass {
  if ('bytes' in type) return sharedArrayClass(type);
  let structClass = structClasses.get(type);
  if (structClass === undefined) structClasses.set(type, (structClass = structArrayClass(type)));
  return structClass;
}

/** The class of Arrays of a struct type: an array of records that has a block of its own. */
function structArrayClass(type: StructType): DataClass {
  const structArray = class extends RecordArray implements Parts {
    declare readonly [blockKey]: Block;
    declare readonly [structKey]: StructType;

    constructor(block: Block) {
      const length = block.start.byteLength / type.size;
      super(new DataView(block.buffer), { base: 0, length }, recordClassOf(type));
      setParts(this, { [blockKey]: block });
    }

    close(): void {
      closeBlock(this[blockKey]);
    }

    [Symbol.dispose](): void {
      this.close();
    }
  };
  setParts(structArray.prototype, { [structKey]: type });
  return structArray;
}

/**
 * An array in memory that processes and threads share. It is a typed array (`Int32Array`,
 * `Float64Array`, …), as fast and with all methods of one; what `map`, `filter`, `slice` and
 * `subarray` return are ordinary typed arrays. Of a struct it is a {@link StructArray}.
 *
 * Elements are read and written without the lock, unlike in CPython, and wrap as those of typed
 * arrays do. The memory lives as long as something is left that shows it, a `subarray()` too.
 * Source: CPython's {@link
 * https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Array | Array}.
 *
 * @param type - a type code or name, or a `struct()`
 * @param content - how many elements, all 0, or an iterable of them; for `'c'` and `'u'` a string
 * @param options - see {@link DataOptions}
 * @throws TypeError when the type is unknown, or the content or the lock is not what it should be
 * @throws RangeError when the length is negative
 * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
 *
 * @example
 * ```ts
 * const sums = new Array('d', [1, 2, 3]);
 * sums.runExclusiveSync(() => { for (let i = 0; i < sums.length; i++) sums[i] *= 2; });
 * ```
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what it makes has other classes
export const SharedArray = class Array {
  constructor(type: unknown, content: unknown, options?: DataOptions) {
    return create(type, content, lockOf(options));
  }

  static open(name: string, options: ArrayOpening = {}): object {
    const { type, content, lock } = options;
    const make = (): object => create(type, content, lockOf({ lock }));
    const mismatch = (array: object): string | undefined => {
      const { length } = array as { length: number };
      if (typeof content !== 'number' || length === content) return undefined;
      return `an Array of ${String(length)} elements, not of ${String(content)}`;
    };
    const named = SharedArray as unknown as ClassOfData;
    return openNamedData({ type: named, name, options, make, mismatch });
  }

  /** True for whatever Array and RawArray make. */
  static [Symbol.hasInstance](object: unknown): boolean {
    return hasParts(object) && object[blockKey].start.kind === ObjectKind.array;
  }
} as unknown as SharedArrayConstructor;

/**
 * As {@link (SharedArray:variable)}, without a lock.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what it makes has other classes
export const RawArray = class RawArray {
  constructor(type: unknown, content: unknown) {
    return create(type, content);
  }

  static [Symbol.hasInstance](object: unknown): boolean {
    return object instanceof SharedArray && (object as unknown as Parts)[lockKey] === undefined;
  }
} as unknown as RawArrayConstructor;

registerData({ kind: ObjectKind.array, type: SharedArray, classOf });
