// A class of records for each struct type: an accessor for each field, on its prototype.
import { RecordArray, type RecordClass } from './record-array.js';
import { setParts, structKey } from './parts.js';
import { assign, baseKey, dataKey, RecordBase } from './record.js';
import { scalars, toBigInt, type Scalar, type Stored } from './scalars.js';
import { elementsOf } from './shared-arrays.js';
import { layoutOf, type Field } from './struct.js';
import type { StructType } from './struct-types.js';
import { bytesOf, codePointsOf, readText, writeText } from './text.js';

interface Accessor {
  get(this: RecordBase): unknown;
  set(this: RecordBase, input: unknown): void;
}

const classes = new WeakMap<StructType, RecordClass>();

/** The class of a struct type's records. */
export function recordClassOf(type: StructType): RecordClass {
  let recordClass = classes.get(type);
  if (recordClass === undefined) classes.set(type, (recordClass = makeClass(type)));
  return recordClass;
}

function makeClass(type: StructType): RecordClass {
  const recordClass = class extends RecordBase {
    static readonly type = type;
  };
  setParts(recordClass.prototype, { [structKey]: type });
  for (const field of layoutOf(type)!) {
    const accessor = { ...accessorOf(field), enumerable: true };
    Object.defineProperty(recordClass.prototype, field.name, accessor);
  }
  return recordClass;
}

function accessorOf({ of, count, offset }: Field): Accessor {
  if (!('bytes' in of)) return structAccessor(recordClassOf(of), offset, count);
  if (count === undefined) return scalarAccessor(of, offset);
  if (of === scalars.char || of === scalars.codePoint) return textAccessor(of, offset, count);
  return arrayAccessor(of, offset, count);
}

function structAccessor(of: RecordClass, offset: number, count: number | undefined): Accessor {
  if (count !== undefined) {
    const arrayIn = (record: RecordBase) =>
      new RecordArray(record[dataKey], { base: record[baseKey] + offset, length: count }, of);
    return {
      get() {
        return arrayIn(this);
      },
      set(input) {
        arrayIn(this).set(elementsOf(input));
      },
    };
  }
  return {
    get() {
      return new of(this[dataKey], this[baseKey] + offset);
    },
    set(input) {
      assign(new of(this[dataKey], this[baseKey] + offset), input);
    },
  };
}

type Reader = (data: DataView, at: number) => Stored;
type Writer = (data: DataView, at: number, stored: Stored) => void;

/** DataView's two methods for a scalar; shared memory is little endian. */
function dataMethods({ view }: Scalar): { read: Reader; write: Writer } {
  const name = view.name.replace('Array', '') as 'Float64';
  const { [`get${name}` as const]: get, [`set${name}` as const]: set } = DataView.prototype;
  return {
    read: (data, at) => get.call(data, at, true),
    write: (data, at, stored) => {
      set.call(data, at, stored as number, true);
    },
  };
}

function scalarAccessor(scalar: Scalar, offset: number): Accessor {
  const { read, write } = dataMethods(scalar);
  return {
    get() {
      return scalar.item(read(this[dataKey], this[baseKey] + offset));
    },
    set(input) {
      write(this[dataKey], this[baseKey] + offset, scalar.stored(input));
    },
  };
}

/** A live typed array over the field's bytes. */
function viewIn(record: RecordBase, { view }: Scalar, offset: number, count: number): Int32Array {
  return new view(record[dataKey].buffer, record[baseKey] + offset, count) as Int32Array;
}

function textAccessor(scalar: Scalar, offset: number, count: number): Accessor {
  return {
    get() {
      return readText(viewIn(this, scalar, offset, count) as unknown as Uint8Array);
    },
    set(input) {
      const target = viewIn(this, scalar, offset, count) as unknown as Uint8Array | Uint32Array;
      if (target instanceof Uint8Array) writeText(target, bytesOf(input));
      else writeText(target, codePointsOf(input));
    },
  };
}

/** Assigning to an array field replaces all of it: what is not given becomes 0. */
function arrayAccessor(scalar: Scalar, offset: number, count: number): Accessor {
  const isBig = scalar === scalars.int64 || scalar === scalars.uint64;
  return {
    get() {
      return viewIn(this, scalar, offset, count);
    },
    set(input) {
      const items = elementsOf(input).map((item) =>
        scalar.stored(isBig ? toBigInt(scalar.name, item) : item),
      );
      const target = viewIn(this, scalar, offset, count);
      target.set(items as number[]);
      target.fill((isBig ? 0n : 0) as number, items.length);
    },
  };
}
