// What TypeScript makes of Arrays.
import type { RecordInput, StructType } from './struct-types.js';
import type { InputOf, ScalarType, TextType } from './types.js';

/**
 * What the elements of an Array can be.
 *
 * @public
 */
export type ArrayType = ScalarType | StructType;

/**
 * What an Array is made from: how many elements, or which.
 *
 * @public
 */
export type ArrayContent<T extends ArrayType> =
  | number
  | (T extends StructType<infer F>
      ? Iterable<RecordInput<F>>
      : T extends TextType
        ? string | Iterable<string | number>
        : T extends ScalarType
          ? Iterable<InputOf<T>>
          : never);

/**
 * What an Array of code points has besides.
 *
 * @public
 */
export interface CodePointMembers {
  /**
   * The text before the first zero. Assigning writes it, and a zero behind it if there is room;
   * what is behind that stays. Throws RangeError when the text is too long.
   */
  get value(): string;
  set value(text: string);
}

/**
 * What an Array of bytes of text has besides. Text is in UTF-8.
 *
 * @public
 */
export interface CharMembers {
  /**
   * The text before the first zero. Assigning writes it, and a zero behind it if there is room;
   * what is behind that stays. Throws RangeError when the text is too long.
   */
  get value(): string;
  set value(text: string | Uint8Array);
  /**
   * A copy of all bytes. Assigning writes bytes at the start; what is behind them stays. Throws
   * RangeError when there are too many.
   */
  get raw(): Buffer;
  set raw(bytes: string | Uint8Array);
}
