// Functions named by hand, and functions sent by their source text.
import { isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invalidArgument, NotImportableError } from '../errors.js';
import { compile } from './source.js';
import { calledInMessages, isClass, isNative, nameOf, textOf } from './text.js';
import type { Callable, FunctionReference, SourceReference } from './reference.js';

// Shared by all copies of this package in the process.
const brand = Symbol.for('node-multiprocessing.function-reference');

/**
 * Names a function without having it: made by {@link functionRef} and {@link functionSource}, taken
 * wherever a function to be called in another process is.
 *
 * @public
 */
export interface FunctionRef<F extends Callable = Callable> {
  /** Which one it is, in words. */
  toString(): string;
  /** Only for types: the function it names. */
  readonly target?: F;
}

class BrandedReference implements FunctionRef {
  readonly #reference: FunctionReference;

  constructor(reference: FunctionReference) {
    this.#reference = reference;
  }

  get [brand](): FunctionReference {
    return this.#reference;
  }

  toString(): string {
    const reference = this.#reference;
    if (reference.kind === 'source') return `functionSource(${reference.name})`;
    const where = reference.kind === 'module' ? reference.url : reference.module;
    return `functionRef('${where}', '${reference.path.join('.')}')`;
  }
}

/** The data of a FunctionRef; undefined for anything else. */
export function referenceIn(value: unknown): FunctionReference | undefined {
  if (typeof value !== 'object' || value === null || !(brand in value)) return undefined;
  return value[brand] as FunctionReference;
}

/** True for what functionRef and functionSource return. */
export function isFunctionRef(value: unknown): value is FunctionRef {
  return referenceIn(value) !== undefined;
}

/**
 * Names an exported function by hand, where it cannot be found from the function itself: under
 * `--permission`, in a Node without inspector, for exports that wrap other functions.
 *
 * Nothing is loaded or checked here; a wrong name is a {@link NotImportableError} in the process
 * that calls it.
 *
 * @param module - `import.meta.url`, `__filename`, another `file:` URL or absolute path, or a module
 * of Node such as `node:path`
 * @param name - the export: `'square'`, `'default'`, `'Shape.area'`
 * @returns a value that may stand wherever a function may
 * @throws TypeError when the module is neither URL nor absolute path, or the name is empty
 *
 * @example
 * ```ts
 * new Process({ target: functionRef(import.meta.url, 'square'), args: [3] });
 * ```
 *
 * @public
 */
export function functionRef<F extends Callable = Callable>(
  module: string | URL,
  name: string,
): FunctionRef<F> {
  if (typeof name !== 'string' || !/^[^.]+(\.[^.]+)*$/.test(name)) {
    throw invalidArgument("functionRef() takes the name of an export: 'square' or 'Shape.area'");
  }
  const path = name.split('.');
  const text = String(module);
  if (isBuiltin(text)) {
    const builtin = text.startsWith('node:') ? text : `node:${text}`;
    return new BrandedReference({ kind: 'builtin', module: builtin, path });
  }
  return new BrandedReference({ kind: 'module', url: urlOf(text), path });
}

function urlOf(module: string): string {
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (URL.canParse(module)) return module;
  throw invalidArgument(
    'functionRef() takes a module as import.meta.url, __filename, or an absolute path, not ' +
      `'${module}'`,
  );
}

/**
 * Sends a function by its source text: it is compiled again in the other process. It must be
 * self-contained: whatever it uses from outside (imports, variables, `this`) is not there, which
 * shows as a ReferenceError when it runs. Globals are there, and `await import('node:fs')` works.
 *
 * @param fn - a function, arrow function, method or class written in JavaScript or TypeScript
 * @returns a value that may stand wherever a function may
 * @throws TypeError when `fn` is not a function
 * @throws NotImportableError for built-in and bound functions, which have no source text
 *
 * @example
 * ```ts
 * new Process({ target: functionSource((a, b) => a + b), args: [1, 2] });
 * ```
 *
 * @public
 */
export function functionSource<F extends Callable>(fn: F): FunctionRef<F> {
  if (typeof fn !== 'function') throw invalidArgument('functionSource() takes a function');
  const name = calledInMessages(fn);
  if (isNative(fn)) {
    throw new NotImportableError(`${name} has no source text: it is built in, or a bound function`);
  }
  const reference = { kind: 'source', name: nameOf(fn), strict: isStrict(fn) } as const;
  for (const text of candidates(textOf(fn))) {
    const source: SourceReference = { ...reference, text };
    try {
      if (typeof compile(source) === 'function') {
        return new BrandedReference(source);
      }
    } catch {
      // Not an expression in this form: try the next.
    }
  }
  throw new NotImportableError(
    `${name} cannot be sent by its source text: it is not an expression by itself (an accessor, or ` +
      'a method that uses super or a private name)',
  );
}

/** The text as an expression: as it is, or as a method of an object. */
function candidates(text: string): string[] {
  const asMember = (member: string): string =>
    `(() => { const o = { ${member} }; return o[Reflect.ownKeys(o)[0]]; })()`;
  const isStatic = /^static\b/.test(text);
  return [text, asMember(isStatic ? text.replace(/^static\s+/, '') : text)];
}

/** To ask for its caller is an error in strict mode, and nothing else tells. */
function isStrict(fn: Callable): boolean {
  if (isClass(fn)) return true;
  try {
    Reflect.get(fn, 'caller');
    return false;
  } catch {
    return true;
  }
}
