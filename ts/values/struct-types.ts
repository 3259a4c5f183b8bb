// What TypeScript makes of structs.
import type { InputOf, ItemOf, ScalarType, TextType, TypedArrayOf } from './types.js';

/**
 * The type of a field: a single value, a struct, or an array of either.
 *
 * @public
 */
export type FieldType =
  ScalarType | StructType | readonly [type: ScalarType | StructType, count: number];

/**
 * The fields of a struct, in the order of memory.
 *
 * @public
 */
export type Fields = Readonly<Record<string, FieldType>>;

/**
 * A type of several fields, made by {@link struct}.
 *
 * @public
 */
export interface StructType<F extends Fields = Fields> {
  /** What it was made of. */
  readonly fields: F;
  /** Bytes of one, with what C adds behind the last field. */
  readonly size: number;
  /** What its place is a multiple of. */
  readonly alignment: number;
  /** Where each field starts, in bytes. */
  readonly offsets: { readonly [K in keyof F]: number };
}

/**
 * What a field is when it is read: arrays and structs are live views of shared memory.
 *
 * @public
 */
export type FieldItem<T extends FieldType> =
  T extends StructType<infer F>
    ? RecordOf<F>
    : T extends ScalarType
      ? ItemOf<T>
      : T extends readonly [infer E, number]
        ? E extends StructType<infer F>
          ? StructArray<F>
          : E extends TextType
            ? string
            : E extends ScalarType
              ? TypedArrayOf<E>
              : never
        : never;

/**
 * What may be given for a field at the start, or as part of a whole record.
 *
 * @public
 */
export type FieldInput<T extends FieldType> =
  T extends StructType<infer F>
    ? RecordInput<F>
    : T extends ScalarType
      ? InputOf<T>
      : T extends readonly [infer E, number]
        ? E extends StructType<infer F>
          ? Iterable<RecordInput<F>>
          : E extends TextType
            ? string | Uint8Array
            : E extends ScalarType
              ? Iterable<InputOf<E>>
              : never
        : never;

/**
 * The fields of a struct in shared memory, as properties. No assignment takes a lock.
 *
 * @public
 */
export type RecordOf<F extends Fields> = { -readonly [K in keyof F]: FieldItem<F[K]> };

/**
 * A copy of a record in a plain object; array fields become ordinary arrays.
 *
 * @public
 */
export type RecordCopy<F extends Fields> = { [K in keyof F]: FieldCopy<F[K]> };

/**
 * What a field is in a {@link RecordCopy}.
 *
 * @public
 */
export type FieldCopy<T extends FieldType> =
  T extends StructType<infer F>
    ? RecordCopy<F>
    : T extends readonly [infer E, number]
      ? E extends StructType<infer F>
        ? RecordCopy<F>[]
        : E extends TextType
          ? string
          : E extends ScalarType
            ? ItemOf<E>[]
            : never
      : T extends ScalarType
        ? ItemOf<T>
        : never;

/**
 * What a record is made from: some of its fields by name, or the first ones in order.
 *
 * @public
 */
export type RecordInput<F extends Fields> =
  { readonly [K in keyof F]?: FieldInput<F[K]> } | readonly FieldInput<F[keyof F]>[];

/**
 * An array of records in shared memory. `a[i]` is a live view of one; assigning to it copies.
 *
 * @public
 */
export interface StructArray<F extends Fields = Fields> extends Iterable<RecordOf<F>> {
  /** A live view of a record; undefined behind the last one. */
  [index: number]: RecordOf<F>;
  /** How many records there are. */
  readonly length: number;
  /** Bytes of all records. */
  readonly byteLength: number;
  /** The record at an index; negative ones count from the end. */
  at(index: number): RecordOf<F> | undefined;
  /** Calls `visit` with each record and its index. */
  forEach(visit: (record: RecordOf<F>, index: number) => void): void;
  /** An ordinary array of what `change` makes of each record. */
  map<T>(change: (record: RecordOf<F>, index: number) => T): T[];
  /** Writes records, from an index on. */
  set(records: Iterable<RecordInput<F>>, offset?: number): void;
  /** Copies of all records, as plain objects. */
  toJSON(): RecordCopy<F>[];
}
