// The inputs of map and imap.
import { inspect } from 'node:util';

import { invalidArgument } from '../errors.js';
import type { Input } from './imap.js';

/** Throws TypeError for what is no input. */
export function checkIterable<T>(method: string, items: Input<T>): Input<T> {
  const isIterable =
    (typeof items === 'object' || typeof items === 'string') &&
    (items as unknown) !== null &&
    (Symbol.iterator in Object(items) || Symbol.asyncIterator in Object(items));
  if (isIterable) return items;
  throw invalidArgument(
    `${method}() takes an iterable, or an async iterable, not ${inspect(items, { depth: 0 })}`,
  );
}

/** The items as an array of the pool's own; undefined when they come later. */
export function checkInput(method: string, items: Input<unknown>): readonly unknown[] | undefined {
  checkIterable(method, items);
  if (Symbol.asyncIterator in Object(items)) return undefined;
  return Array.from(items as Iterable<unknown>);
}

/** All that an input gives. */
export async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const item of items) list.push(item);
  return list;
}
