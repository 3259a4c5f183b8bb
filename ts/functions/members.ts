// Searches a module's exports for a function, by identity.
import { types } from 'node:util';
import type { Callable } from './reference.js';

/** How far the search goes. What is nested deeper than this is not found. */
const maxDepth = 5;
const maxNodes = 5000;

interface Node {
  readonly value: object;
  readonly path: readonly string[];
}

/** What to search: names and their values, as a namespace has them. */
export type Root = Iterable<readonly [name: string, value: unknown]>;

/**
 * The shortest path from the root to the function, or undefined. Goes through plain members, arrays,
 * static methods (inherited ones too) and prototypes; calls no getter, for getters do things.
 */
export function pathTo(root: Root, target: Callable): string[] | undefined {
  const seen = new Set<object>([globalThis, process]);
  const queue: Node[] = [];
  for (const [name, value] of root) {
    if (value === target) return [name];
    enqueue({ value, path: [name] });
  }
  for (let i = 0; i < queue.length && i < maxNodes; i++) {
    const found = visit(queue[i]!);
    if (found) return found;
  }
  return undefined;

  function enqueue({ value, path }: { value: unknown; path: readonly string[] }): void {
    if (!isObject(value) || seen.has(value) || types.isProxy(value)) return;
    seen.add(value);
    queue.push({ value, path });
  }

  function visit({ value, path }: Node): string[] | undefined {
    for (const [name, member] of membersOf(value)) {
      if (member === target) return [...path, name];
      if (path.length < maxDepth) enqueue({ value: member, path: [...path, name] });
    }
    return undefined;
  }
}

/** Own members, then inherited ones, without calling getters. */
function* membersOf(object: object): Generator<[string, unknown]> {
  if (ArrayBuffer.isView(object)) return;
  let holder: object | null = object;
  while (holder !== null && !endsOfChains.has(holder) && !types.isProxy(holder)) {
    yield* ownMembers(holder);
    holder = Object.getPrototypeOf(holder) as object | null;
  }
}

/** Own members with their values; getters only where `callGetters` says so. */
export function* ownMembers(
  object: object,
  { callGetters = false } = {},
): Generator<[string, unknown]> {
  const isFunction = typeof object === 'function';
  for (const name of Object.getOwnPropertyNames(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name);
    // What sloppy functions have besides: the arguments of a call that is running, its caller.
    if (!property || (isFunction && (name === 'arguments' || name === 'caller'))) continue;
    if ('value' in property) yield [name, property.value];
    else if (callGetters) {
      try {
        yield [name, (object as Record<string, unknown>)[name]];
      } catch {
        // A binding that is not initialised yet, or a lazy import that fails: not what we look for.
      }
    }
  }
}

/** The member at the end of a path, with getters and inheritance, as the program would write it. */
export function memberAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

const endsOfChains = new Set<unknown>([
  Object.prototype,
  Function.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
]);
