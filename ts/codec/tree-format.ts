// Trees: plain objects, arrays, Maps, Sets, dates, binary data and simple values, in a form
// of our own that is quick to write and to read. Numbers are little endian and not aligned.
//
//   BYTE       | BEHIND IT
//   -----------+------------------------------------------------------------------------------
//   undefined, | nothing
//   null, true,|
//   false      |
//   int8       | 1 byte
//   int32      | 4 bytes
//   double     | 8 bytes
//   bigint     | 8 bytes
//   longBigint | text: its hexadecimal digits, with a sign
//   shortText  | length, 1 byte; characters, 1 byte each
//   latin1     | length, 4 bytes; characters, 1 byte each
//   utf16      | length, 4 bytes; characters, 2 bytes each
//   date       | its time, 8 bytes
//   array      | length, 4 bytes; its items
//   map        | size, 4 bytes; keys and values in turn
//   set        | size, 4 bytes; its items
//   view       | a tag of tags.ts, 1 byte; bytes, 4 bytes; the data
//   object     | a shape; the values
//   again      | number of a shape of this message, 2 bytes; the values
//   dictionary | number of properties, 4 bytes; names, as texts, and values in turn
//
// Shape: the names of an object's properties. Objects of one kind have the same, so both sides keep
// those that they have seen, and the reader only compares.
//
//   OFFSET | SIZE | FIELD
//        0 |    4 | hash of the words
//        4 |    2 | how many words there are
//        6 |      | words: how many names; for each its length, 1 byte, whether its characters have
//          |      | 2 bytes, 1 byte, and the characters; zeros up to a whole word
import { MultiprocessingError } from '../errors.js';

export const Item = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int8: 4,
  int32: 5,
  double: 6,
  bigint: 7,
  longBigint: 8,
  shortText: 9,
  latin1: 10,
  utf16: 11,
  date: 12,
  array: 13,
  map: 14,
  set: 15,
  view: 16,
  object: 17,
  again: 18,
  dictionary: 19,
} as const;

/** Deeper trees are for the general codec, and no message makes the reader go deeper. */
export const maxDepth = 100;
/** An object with more properties, or with longer names, is written as a dictionary. */
export const maxNames = 64;
export const maxName = 255;
/** Of different shapes in one message; what has more is for the general codec. */
export const maxShapes = 0xffff;

/** What a receiver throws when the bytes of a message are none that a sender writes. */
export function malformed(cause?: unknown): MultiprocessingError {
  return new MultiprocessingError(
    'a message is damaged, or comes from another version of the package',
    { code: 'ERR_MP_MESSAGE_FORMAT', ...(cause === undefined ? {} : { cause }) },
  );
}
