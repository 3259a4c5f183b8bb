// The classes of numbers. One for each type, though they look alike: V8 compiles a getter for the
// classes of view that it has met, and a shared one would meet ten.
import {
  AtomicValueBase,
  ScalarValueBase,
  scalarKey,
  viewKey,
  type ScalarValueClass,
} from './raw-value.js';
import { scalars } from './scalars.js';

const { int8, uint8, int16, uint16, int32, uint32, float32, float64, int64, uint64 } = scalars;

class Int8Value extends AtomicValueBase {
  declare readonly [viewKey]: Int8Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] =
      typeof item === 'number' && (item << 24) >> 24 === item ? item : int8.stored(item);
  }
}

class Uint8Value extends AtomicValueBase {
  declare readonly [viewKey]: Uint8Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] =
      typeof item === 'number' && (item & 0xff) === item ? item : uint8.stored(item);
  }
}

class Int16Value extends AtomicValueBase {
  declare readonly [viewKey]: Int16Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] =
      typeof item === 'number' && (item << 16) >> 16 === item ? item : int16.stored(item);
  }
}

class Uint16Value extends AtomicValueBase {
  declare readonly [viewKey]: Uint16Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] =
      typeof item === 'number' && (item & 0xffff) === item ? item : uint16.stored(item);
  }
}

class Int32Value extends AtomicValueBase {
  declare readonly [viewKey]: Int32Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = typeof item === 'number' && (item | 0) === item ? item : int32.stored(item);
  }
}

class Uint32Value extends AtomicValueBase {
  declare readonly [viewKey]: Uint32Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = typeof item === 'number' && item >>> 0 === item ? item : uint32.stored(item);
  }
}

class Float64Value extends ScalarValueBase {
  declare readonly [viewKey]: Float64Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = typeof item === 'number' ? item : float64.stored(item);
  }
}

class Float32Value extends ScalarValueBase {
  declare readonly [viewKey]: Float32Array;

  get value(): number {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = float32.stored(item);
  }
}

class Int64Value extends AtomicValueBase {
  declare readonly [viewKey]: BigInt64Array;

  get value(): bigint {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = int64.stored(item);
  }
}

class Uint64Value extends AtomicValueBase {
  declare readonly [viewKey]: BigUint64Array;

  get value(): bigint {
    return this[viewKey][0]!;
  }

  set value(item: unknown) {
    this[viewKey][0] = uint64.stored(item);
  }
}

/** One byte or one code point. */
class TextValue extends ScalarValueBase {
  declare readonly [viewKey]: Uint8Array | Uint32Array;

  get value(): string {
    return this[scalarKey].item(this[viewKey][0]!) as string;
  }

  set value(item: unknown) {
    this[viewKey][0] = this[scalarKey].stored(item) as number;
  }
}

/** The class of each type's values. */
export const valueClasses: Readonly<Record<keyof typeof scalars, ScalarValueClass>> = {
  int8: Int8Value,
  uint8: Uint8Value,
  int16: Int16Value,
  uint16: Uint16Value,
  int32: Int32Value,
  uint32: Uint32Value,
  int64: Int64Value,
  uint64: Uint64Value,
  float32: Float32Value,
  float64: Float64Value,
  char: TextValue,
  codePoint: TextValue,
};
