// What a new thread is given, checked at the edge.
import type { ResourceLimits } from 'node:worker_threads';

import { invalidArgument } from '../errors.js';
import { isFunctionRef, referenceIn, type FunctionRef } from '../functions/function-ref.js';
import { native } from '../native/binding.js';

/**
 * What a thread runs, and what it is called.
 *
 * @public
 */
export interface ThreadOptions<T = unknown, A extends readonly unknown[] = never[]> {
  /** An exported function (or `functionRef`, `functionSource`), which may be async. */
  readonly target?:
    | ((...args: A) => T | PromiseLike<T>)
    | FunctionRef<(...args: A) => T | PromiseLike<T>>
    | undefined;
  /** Its arguments; copied at `start()`, shared objects are shared. */
  readonly args?: A | undefined;
  /** Default: `Thread-1 (square)`, from a number and the target's name. */
  readonly name?: string | undefined;
  /** Whether it ends when its program does, instead of keeping it. Default: as the current thread. */
  readonly daemon?: boolean | undefined;
  /** Limits of its memory, as worker_threads takes them, in MB: `{ maxOldGenerationSizeMb: 64 }`. */
  readonly resourceLimits?: ResourceLimits | undefined;
}

const known: ReadonlySet<string> = new Set(['target', 'args', 'name', 'daemon', 'resourceLimits']);

export function checkThreadOptions(options: unknown): asserts options is ThreadOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('a Thread takes options such as { target: square, args: [7] }');
  }
  // A name that is written wrong would be ignored without a word.
  const unknown = Object.keys(options).find((key) => !known.has(key));
  if (unknown !== undefined) {
    throw invalidArgument(`a Thread has no option ${unknown}: it takes ${[...known].join(', ')}`);
  }
  checkTarget(options);
  const { name, daemon, resourceLimits } = options as Record<string, unknown>;
  if (name !== undefined) checkName(name);
  if (daemon !== undefined) checkDaemon(daemon);
  if (resourceLimits !== undefined && (typeof resourceLimits !== 'object' || !resourceLimits)) {
    throw invalidArgument('resourceLimits must be an object of limits in MB');
  }
}

function checkTarget({ target, args }: { target?: unknown; args?: unknown }): void {
  if (target !== undefined && typeof target !== 'function' && !isFunctionRef(target)) {
    throw invalidArgument('target must be a function');
  }
  if (args !== undefined && !Array.isArray(args)) {
    throw invalidArgument('args must be an array, such as args: [7]');
  }
}

export function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw invalidArgument('name must be a string');
}

export function checkDaemon(daemon: unknown): asserts daemon is boolean {
  if (typeof daemon !== 'boolean') throw invalidArgument('daemon must be true or false');
}

/** `Thread-1 (square)`. */
export function defaultName(target: unknown): string {
  const name = `Thread-${String(native.threadNextNumber())}`;
  const called = targetName(target);
  return called === '' ? name : `${name} (${called})`;
}

function targetName(target: unknown): string {
  if (typeof target === 'function') return target.name;
  const reference = referenceIn(target);
  if (reference === undefined) return '';
  return reference.kind === 'source' ? reference.name : (reference.path.at(-1) ?? '');
}
