// Text in shared memory: bytes in UTF-8 or code points, ended by a zero when they are fewer than
// there is room for.
import { invalidArgument, outOfRange } from '../errors.js';
import { characterOf, shown } from './scalars.js';

/** The bytes of what a user gave as text. */
export function bytesOf(text: unknown): Uint8Array {
  if (typeof text === 'string') return Buffer.from(text);
  if (text instanceof Uint8Array) return text;
  throw invalidArgument(`text is a string or a Uint8Array, not ${shown(text)}`);
}

/** The code points of a string. */
export function codePointsOf(text: unknown): Uint32Array {
  if (typeof text !== 'string') throw invalidArgument(`text is a string, not ${shown(text)}`);
  return Uint32Array.from(text, (character) => character.codePointAt(0)!);
}

/** Overwrites the start of `target`; what is behind the text stays. */
export function write<T extends Uint8Array | Uint32Array>(target: T, text: T): void {
  if (text.length > target.length) {
    const unit = target instanceof Uint8Array ? 'bytes' : 'characters';
    throw outOfRange(
      `text of ${text.length} ${unit} is too long: there is room for ${target.length}`,
    );
  }
  target.set(text);
}

/** As {@link write}, and ends the text with a zero if there is room for one. */
export function writeText<T extends Uint8Array | Uint32Array>(target: T, text: T): void {
  write(target, text);
  if (text.length < target.length) target[text.length] = 0;
}

/** The text before the first zero. */
export function readText(source: Uint8Array | Uint32Array): string {
  const zero = source.indexOf(0);
  const end = zero === -1 ? source.length : zero;
  if (source instanceof Uint32Array) {
    return globalThis.Array.from(source.subarray(0, end), characterOf).join('');
  }
  return Buffer.from(source.buffer, source.byteOffset, end).toString();
}
