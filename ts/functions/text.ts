// What a function looks like: its source text and its name, whatever was patched or overridden.
import type { Callable } from './reference.js';

// Kept, for programs replace it (mocks, polyfills).
const { toString } = Function.prototype as { readonly toString: (this: Callable) => string };

/** The source text, as it was compiled; `function name() { [native code] }` without one. */
export function textOf(fn: Callable): string {
  return toString.call(fn);
}

/** True when there is no source text: built-ins, bound functions, functions of addons. */
export function isNative(fn: Callable): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(textOf(fn));
}

export function isClass(fn: Callable): boolean {
  return /^class\b/.test(textOf(fn));
}

/** Its own `name`, unless that is empty or no text (a class may have a static member of that name). */
export function nameOf(fn: Callable): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  return typeof name === 'string' ? name : '';
}

/** The function in a message: its name, or what it is. */
export function calledInMessages(fn: Callable): string {
  const name = nameOf(fn);
  if (name !== '') return name;
  return isClass(fn) ? 'An anonymous class' : 'An anonymous function';
}

/**
 * A short text that differs when the source of two functions differs: its length and a 53 bit hash.
 * Not against forgery, but against mistakes: an edited file, a table that was filled in another order.
 */
export function fingerprintOf(fn: Callable): string {
  const text = textOf(fn);
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  const hash = 0x100000000 * (0x1fffff & low) + (high >>> 0);
  return `${text.length.toString(36)}-${hash.toString(36)}`;
}
