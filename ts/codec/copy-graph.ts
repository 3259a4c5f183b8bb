// A copy of a value in which placeholders stand for what structured clone cannot carry, made only
// when there is such a thing in it.
import { types } from 'node:util';

import { registeredName } from './classes.js';
import { classOfError, extrasOfError, type ErrorClass } from './errors.js';
import { Placeholder } from './placeholder.js';
import { isReferred } from './table.js';

/** What is done to an object after it has arrived, in place, so that cycles stay. */
export type Repair =
  | readonly ['instance', object, string]
  | readonly ['error', Error, ErrorClass | undefined, string, Record<string, unknown>];

type Plain = Record<string, unknown>;

/** Users may have put anything there. */
const textOf = (value: unknown): string => String(value);

const isError = (value: object): value is Error =>
  types.isNativeError(value) || value instanceof Error;

/** What structured clone treats by a rule of its own, or refuses. */
const exotic: readonly ((value: unknown) => boolean)[] = [
  types.isAnyArrayBuffer,
  types.isBoxedPrimitive,
  types.isDate,
  types.isExternal,
  types.isMap,
  types.isPromise,
  types.isRegExp,
  types.isSet,
  types.isWeakMap,
  types.isWeakSet,
  (value) => ArrayBuffer.isView(value),
  (value) => value instanceof WeakRef,
];

/** Whether structured clone would copy the object's own properties, whatever its class. */
const isRecord = (value: object): boolean => !exotic.some((isExotic) => isExotic(value));

/** Children of a container, with the names by which messages call them. */
function* childrenOf(value: object, path: string): Generator<[unknown, string]> {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      yield [key, `${path} (a key)`];
      yield [item, `${path}.get(${typeof key === 'string' ? JSON.stringify(key) : String(key)})`];
    }
  } else if (value instanceof Set) {
    for (const item of value) yield [item, `${path} (an item)`];
  } else if (Array.isArray(value) || isRecord(value)) {
    for (const key of Object.keys(value)) yield [(value as Plain)[key], member(path, value, key)];
  }
}

function member(path: string, value: object, key: string): string {
  if (Array.isArray(value)) return `${path}[${key}]`;
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

const isSpecial = (value: object): boolean =>
  isReferred(value) || isError(value) || registeredName(value) !== undefined;

/** Whether there is anything in `value` that a plain structured clone would lose or refuse. */
export function needsCopy(value: unknown): boolean {
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' && typeof next !== 'function') continue;
    if (next === null || seen.has(next)) continue;
    if (isSpecial(next)) return true;
    seen.add(next);
    for (const [child] of childrenOf(next, '')) pending.push(child);
  }
  return false;
}

/** What is sent by reference: each method gives the number of the table's entry. */
export interface ReferenceTable {
  refer(value: object, path: string): number;
  /** A class that the receiver may do without; undefined when it cannot be named. */
  referClass(type: unknown): number | undefined;
}

/** Copies one value, collecting what stands in for what. */
export class GraphCopier {
  readonly repairs: Repair[] = [];
  readonly #copies = new Map<object, unknown>();
  readonly #table: ReferenceTable;

  constructor(table: ReferenceTable) {
    this.#table = table;
  }

  copy(value: unknown, path: string): unknown {
    if (typeof value !== 'object' && typeof value !== 'function') return value;
    if (value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (isReferred(value))
      return this.#keep(value, new Placeholder(this.#table.refer(value, path)));
    if (isError(value)) return this.#copyError(value, path);
    if (value instanceof Map) return this.#copyMap(value, path);
    if (value instanceof Set) return this.#copySet(value, path);
    if (Array.isArray(value)) return this.#copyMembers(value, new Array(value.length), path);
    if (!isRecord(value)) return value;
    const copy = this.#copyMembers(value, {}, path);
    const name = registeredName(value);
    if (name !== undefined) this.repairs.push(['instance', copy, name]);
    return copy;
  }

  #keep<T>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }

  #copyMembers(value: object, into: object, path: string): object {
    this.#keep(value, into);
    for (const key of Object.keys(value)) {
      const copy = this.copy((value as Plain)[key], member(path, value, key));
      // Not an assignment: a property called __proto__ is one like any other.
      Object.defineProperty(into, key, { value: copy, writable: true, enumerable: true });
    }
    return into;
  }

  #copyMap(value: Map<unknown, unknown>, path: string): Map<unknown, unknown> {
    const copy = this.#keep(value, new Map<unknown, unknown>());
    const children = [...childrenOf(value, path)].map(([child, at]) => this.copy(child, at));
    for (let i = 0; i < children.length; i += 2) copy.set(children[i], children[i + 1]);
    return copy;
  }

  #copySet(value: Set<unknown>, path: string): Set<unknown> {
    const copy = this.#keep(value, new Set<unknown>());
    for (const [child, at] of childrenOf(value, path)) copy.add(this.copy(child, at));
    return copy;
  }

  #copyError(value: Error, path: string): Error {
    const copy = this.#keep(value, new Error(textOf(value.message)));
    copy.stack = textOf(value.stack);
    const extras = this.copy(extrasOfError(value), path) as Plain;
    const named = classOfError(value) ?? this.#exportedClass(value.constructor);
    this.repairs.push(['error', copy, named, textOf(value.name), extras]);
    return copy;
  }

  #exportedClass(type: unknown): ErrorClass | undefined {
    const index = this.#table.referClass(type);
    return index === undefined ? undefined : { type: new Placeholder(index) };
  }
}

/** Each level down asks about all that is below it. */
const deepestPath = 64;

/** Where in the value the first thing is that `accepts` refuses; its path and itself. */
export function findRefused(
  value: unknown,
  path: string,
  accepts: (value: unknown) => boolean,
): { readonly path: string; readonly value: unknown } {
  const seen = new Set<unknown>();
  let at = { path, value };
  for (let depth = 0; depth < deepestPath; depth++) {
    seen.add(at.value);
    const children =
      typeof at.value === 'object' && at.value !== null ? childrenOf(at.value, at.path) : [];
    const refused = [...children].find(([child]) => !seen.has(child) && !accepts(child));
    if (refused === undefined) return at;
    at = { value: refused[0], path: refused[1] };
  }
  return at;
}
