// What a new process is given, checked at the edge.
import { invalidArgument } from '../errors.js';
import { isFunctionRef, type FunctionRef } from '../functions/function-ref.js';
import type { StartMethod } from './start-method.js';
import { checkMethod } from './start-methods.js';

/**
 * What a process runs, and what it is called.
 *
 * @public
 */
export interface ProcessOptions<T = unknown, A extends readonly unknown[] = never[]> {
  /** An exported function (or `functionRef`, `functionSource`), which may be async. */
  readonly target?:
    | ((...args: A) => T | PromiseLike<T>)
    | FunctionRef<(...args: A) => T | PromiseLike<T>>
    | undefined;
  /** Its arguments; copied at `start()`, shared objects are shared. */
  readonly args?: A | undefined;
  /** Default: the class's name and a number, such as `Process-1`. */
  readonly name?: string | undefined;
  /** Whether it ends when its parent does, instead of keeping it. Default: as the current process. */
  readonly daemon?: boolean | undefined;
  /** How it is started: a context of `getContext()`, or a start method. */
  readonly context?: StartMethod | { getStartMethod(): StartMethod } | undefined;
}

const known: ReadonlySet<string> = new Set(['target', 'args', 'name', 'daemon', 'context']);

export function checkOptions(options: unknown): asserts options is ProcessOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('a Process takes options such as { target: square, args: [7] }');
  }
  checkNames(options);
  const { target, args, name, daemon } = options as Record<string, unknown>;
  if (target !== undefined && typeof target !== 'function' && !isFunctionRef(target)) {
    throw invalidArgument('target must be a function');
  }
  if (args !== undefined && !Array.isArray(args)) {
    throw invalidArgument('args must be an array, such as args: [7]');
  }
  if (name !== undefined && typeof name !== 'string')
    throw invalidArgument('name must be a string');
  if (daemon !== undefined && typeof daemon !== 'boolean') {
    throw invalidArgument('daemon must be true or false');
  }
}

/** A name that is written wrong would be ignored without a word. */
function checkNames(options: object): void {
  const unknown = Object.keys(options).find((key) => !known.has(key));
  if (unknown === undefined) return;
  throw invalidArgument(`a Process has no option ${unknown}: it takes ${[...known].join(', ')}`);
}

/** The start method that a `context` stands for. */
export function methodOf(context: unknown): StartMethod | undefined {
  if (context === undefined) return undefined;
  if (typeof context === 'string') return checkMethod(context);
  const { getStartMethod } = Object(context) as { getStartMethod?: unknown };
  if (typeof getStartMethod === 'function') return checkMethod((getStartMethod as () => unknown)());
  throw invalidArgument("context must be what getContext() gives, or a start method's name");
}
