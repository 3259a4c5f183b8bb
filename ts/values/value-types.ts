// What TypeScript makes of Values.
import type { Fields, RecordCopy, RecordInput, RecordOf, StructType } from './struct-types.js';
import type { InputOf, ScalarType } from './types.js';

/**
 * What a Value can hold: a single value or a struct.
 *
 * @public
 */
export type ValueType = ScalarType | StructType;

/**
 * What a Value can start with.
 *
 * @public
 */
export type ValueInput<T extends ValueType> =
  T extends StructType<infer F> ? RecordInput<F> : T extends ScalarType ? InputOf<T> : never;

/**
 * A single value in shared memory.
 *
 * @public
 */
export interface ScalarValue<Item, Input = Item> {
  /**
   * The value. Takes no lock: `value.value += 1` is a read and a write. Assigning throws TypeError
   * for what the type does not hold, RangeError for what is out of its range.
   */
  get value(): Item;
  set value(item: Item | Input);
}

/**
 * An integer in shared memory, with operations that no other thread or process can come between.
 * Those that calculate wrap around and return what was there before.
 *
 * @public
 */
export interface IntegerValue<Item, Input = Item> extends ScalarValue<Item, Input> {
  /** Reads it. */
  load(): Item;
  /** Writes it. */
  store(item: Input): void;
  /** Adds to it. */
  add(operand: Input): Item;
  /** Subtracts from it. */
  sub(operand: Input): Item;
  /** Keeps the bits that are set in both. */
  and(operand: Input): Item;
  /** Sets the bits of the operand. */
  or(operand: Input): Item;
  /** Flips the bits of the operand. */
  xor(operand: Input): Item;
  /** Writes it and returns what was there before. */
  exchange(item: Input): Item;
  /** Writes `replacement` if `expected` is there; returns what was there. */
  compareExchange(expected: Input, replacement: Input): Item;
}

/**
 * A struct in shared memory: its fields as properties, and all of them as `value`
 * unless a field has that name.
 *
 * @public
 */
export type StructValue<F extends Fields> = 'value' extends keyof F
  ? RecordOf<F>
  : RecordOf<F> & WholeValue<F>;

/**
 * All fields of a struct at once.
 *
 * @public
 */
export interface WholeValue<F extends Fields> {
  /** A copy of all fields. Assigning writes those that are given. */
  get value(): RecordCopy<F>;
  set value(fields: RecordCopy<F> | RecordInput<F>);
  /** The same copy, for JSON. */
  toJSON(): RecordCopy<F>;
}
