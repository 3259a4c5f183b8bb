// What users call the types of shared data, and what TypeScript makes of them.

/** Whole numbers of up to 32 bits. */
type SmallInteger =
  | ('b' | 'B' | 'h' | 'H' | 'i' | 'I')
  | ('int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32');

/**
 * Types of 64-bit integers, which JavaScript reads as bigint.
 *
 * @public
 */
export type BigIntType = 'q' | 'Q' | 'l' | 'L' | 'int64' | 'uint64';

/**
 * Types of integers: those whose values have atomic operations.
 *
 * @public
 */
export type IntegerType = SmallInteger | BigIntType;

/**
 * Types of text: one byte, and one Unicode code point in four bytes.
 *
 * @public
 */
export type TextType = 'c' | 'char' | 'u';

/**
 * A type of single values: a code of Python's `array` and `ctypes` modules, or a name.
 *
 * @public
 */
export type ScalarType = IntegerType | TextType | 'f' | 'd' | 'float32' | 'float64';

/**
 * What a value of a type is when it is read.
 *
 * @public
 */
export type ItemOf<T extends ScalarType> = T extends BigIntType
  ? bigint
  : T extends TextType
    ? string
    : number;

/**
 * What may be assigned to a value of a type.
 *
 * @public
 */
export type InputOf<T extends ScalarType> = T extends BigIntType
  ? bigint | number
  : T extends 'u'
    ? string
    : T extends TextType
      ? string | Uint8Array
      : number;

/**
 * The typed array of a type.
 *
 * @public
 */
export type TypedArrayOf<T extends ScalarType> = T extends 'b' | 'int8'
  ? Int8Array
  : T extends 'B' | 'uint8' | 'c' | 'char'
    ? Uint8Array
    : T extends 'h' | 'int16'
      ? Int16Array
      : T extends 'H' | 'uint16'
        ? Uint16Array
        : T extends 'i' | 'int32'
          ? Int32Array
          : T extends 'I' | 'uint32' | 'u'
            ? Uint32Array
            : T extends 'q' | 'l' | 'int64'
              ? BigInt64Array
              : T extends 'Q' | 'L' | 'uint64'
                ? BigUint64Array
                : T extends 'f' | 'float32'
                  ? Float32Array
                  : Float64Array;
