// Value and RawValue: one value, or one struct, in shared memory.
import { createBlock, type Block } from '../memory/block.js';
import { ElementType, ObjectKind } from '../native/binding.js';
import type { Lock } from '../sync/lock.js';
import type { RLock } from '../sync/rlock.js';
import { registerData } from './handles.js';
import { openNamedData, type DataOpening } from './named.js';
import { blockKey, hasParts, setParts, lockKey, type Parts } from './parts.js';
import { createScalarBlock } from './raw-value.js';
import { recordClassOf } from './record-class.js';
import { assign, type RecordBase } from './record.js';
import { valueClasses } from './scalar-values.js';
import { scalarNamed, unknownType, type Scalar } from './scalars.js';
import { layoutOf } from './struct.js';
import type { StructType } from './struct-types.js';
import type { InputOf, IntegerType, ItemOf, ScalarType } from './types.js';
import { lockOf, type DataOptions, type Synchronized } from './synchronized.js';
import { openData, type DataClass } from './synchronized-class.js';
import type {
  IntegerValue,
  ScalarValue,
  StructValue,
  ValueInput,
  ValueType,
} from './value-types.js';

/**
 * A value in shared memory, without a lock.
 *
 * @public
 */
export type RawValue<T extends ValueType = ValueType> =
  T extends StructType<infer F>
    ? StructValue<F>
    : T extends IntegerType
      ? IntegerValue<ItemOf<T>, InputOf<T>>
      : T extends ScalarType
        ? ScalarValue<ItemOf<T>, InputOf<T>>
        : never;

/**
 * A value in shared memory, with a lock.
 *
 * @public
 */
export type Value<T extends ValueType = ValueType, L extends Lock | RLock = RLock> = RawValue<T> &
  Synchronized<RawValue<T>, L>;

/**
 * Makes Values; see {@link (Value:type)}.
 *
 * @public
 */
export interface ValueConstructor {
  /** Makes a Value, guarded by an RLock of its own. */
  new <T extends ValueType>(
    type: T,
    initial?: ValueInput<T>,
    options?: DataOptions<true>,
  ): Value<T>;
  /** Makes a Value, without a lock. */
  new <T extends ValueType>(
    type: T,
    initial: ValueInput<T> | undefined,
    options: { readonly lock: false },
  ): RawValue<T>;
  /** Makes a Value, guarded by the given lock. */
  new <T extends ValueType, L extends Lock | RLock>(
    type: T,
    initial: ValueInput<T> | undefined,
    options: { readonly lock: L },
  ): Value<T, L>;
  /**
   * The Value of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; `type`, `lock` and, for a new one, `initial`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  open<T extends ValueType = ValueType>(name: string, options?: ValueOpening<T, true>): Value<T>;
  /** The same, without a lock. */
  open<T extends ValueType = ValueType>(
    name: string,
    options: ValueOpening<T> & { readonly lock: false },
  ): RawValue<T>;
}

/**
 * How to open a Value by its name.
 *
 * @public
 */
export interface ValueOpening<
  T extends ValueType = ValueType,
  L extends boolean = boolean,
> extends DataOpening<T, L> {
  /** What a new one starts as (default 0); for a struct an object of fields. */
  readonly initial?: ValueInput<T> | undefined;
}

/**
 * Makes RawValues; see {@link (RawValue:type)}.
 *
 * @public
 */
export type RawValueConstructor = new <T extends ValueType>(
  type: T,
  initial?: ValueInput<T>,
) => RawValue<T>;

/** Makes the object of a type, with what it starts as. */
function create(type: unknown, initial: unknown, lock?: Parameters<typeof openData>[2]): object {
  const scalar = scalarNamed(type);
  const of = scalar ?? (type as StructType);
  if (scalar === undefined && layoutOf(type) === undefined) throw unknownType(type);
  const value = openData(classOf(of), scalar ? createScalarBlock(scalar) : structBlock(of), lock);
  if (initial !== undefined) {
    if (scalar === undefined) assign(value as unknown as RecordBase, initial);
    else (value as unknown as { value: unknown }).value = initial;
  }
  return value;
}

function structBlock(type: Scalar | StructType): Block {
  const byteLength = 'bytes' in type ? type.bytes : type.size;
  return createBlock({ kind: ObjectKind.value, element: ElementType.record, byteLength });
}

const structClasses = new WeakMap<StructType, DataClass>();

function classOf(type: Scalar | StructType): DataClass {
  if ('bytes' in type) return valueClasses[type.name];
  let structClass = structClasses.get(type);
  if (structClass === undefined) structClasses.set(type, (structClass = structValueClass(type)));
  return structClass;
}

/** The class of Values of a struct type: a record that has a block of its own. */
function structValueClass(type: StructType): DataClass {
  const structValue = class extends recordClassOf(type) implements Parts {
    declare readonly [blockKey]: Block;

    constructor(block: Block) {
      super(new DataView(block.buffer), 0);
      setParts(this, { [blockKey]: block });
    }
  };
  if (!('value' in type.fields)) {
    Object.defineProperty(structValue.prototype, 'value', {
      get(this: RecordBase) {
        return this.toJSON();
      },
      set(this: RecordBase, fields: unknown) {
        assign(this, fields);
      },
    });
  }
  return structValue;
}

/**
 * One value, or one struct, in memory that processes and threads share.
 *
 * Reading and writing `value` takes no lock, unlike in CPython: for `+=` use the lock
 * (`value.runExclusiveSync(() => value.value++)`) or, for integers, an atomic operation
 * (`value.add(1)`), which is faster. Source: CPython's {@link
 * https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Value | Value}; unlike
 * there, what is out of range is an error and does not wrap.
 *
 * @param type - a type code or name, or a `struct()`
 * @param initial - what it starts as (default 0); for a struct an object of fields
 * @param options - see {@link DataOptions}
 * @throws TypeError when the type is unknown, or `initial` or the lock is not what it should be
 * @throws RangeError when `initial` is out of range
 * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
 *
 * @example
 * ```ts
 * const counter = new Value('i', 0);
 * counter.add(1);
 * counter.runExclusiveSync(() => (counter.value *= 2));
 * ```
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what it makes has other classes
export const Value = class Value {
  constructor(type: unknown, initial?: unknown, options?: DataOptions) {
    return create(type, initial, lockOf(options));
  }

  static open(name: string, options: ValueOpening = {}): object {
    const { type, initial, lock } = options;
    const make = (): object => create(type, initial, lockOf({ lock }));
    return openNamedData({ type: Value, name, options, make });
  }

  /** True for whatever Value and RawValue make. */
  static [Symbol.hasInstance](object: unknown): boolean {
    return hasParts(object) && object[blockKey].start.kind === ObjectKind.value;
  }
} as unknown as ValueConstructor;

/**
 * As {@link (Value:type)}, without a lock.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- what it makes has other classes
export const RawValue = class RawValue {
  constructor(type: unknown, initial?: unknown) {
    return create(type, initial);
  }

  static [Symbol.hasInstance](object: unknown): boolean {
    return object instanceof Value && (object as unknown as Parts)[lockKey] === undefined;
  }
} as unknown as RawValueConstructor;

registerData({ kind: ObjectKind.value, type: Value, classOf });
