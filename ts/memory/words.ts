// Shared words as plain numbers of JavaScript, which the optimising compiler reads in a nanosecond:
// a call into wasm costs three.
//
// Such a read has no order beside other threads' writes, and a compiler may read once for a whole
// loop that calls nothing. So it is for what this thread alone writes, or what cannot change while
// it holds a lock that it acquired by an atomic operation; for all else it is no more than a hint.

/** A word, and those behind it. */
export interface Words {
  readonly array: Int32Array;
  readonly index: number;
}
