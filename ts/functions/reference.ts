// References: functions and classes as plain data that another process can turn back.

/**
 * A function or a class.
 *
 * @public
 */
export type Callable =
  ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** A function that a module exports, directly or as a member of something exported. */
export interface ModuleReference {
  readonly kind: 'module';
  /** The module: `file:`, `data:` or whatever its loader knows. */
  readonly url: string;
  /** How to load it; absent when nobody knows yet. */
  readonly format?: ModuleFormat | undefined;
  /** From the module's namespace, or its `module.exports`, to the function. */
  readonly path: readonly string[];
  /** Fingerprint of the function's source text, so that another function is never called instead. */
  readonly fingerprint?: string | undefined;
}

/** Something that Node or JavaScript brings along. */
export interface BuiltinReference {
  readonly kind: 'builtin';
  /** `globalThis`, or a module such as `node:path`. */
  readonly module: string;
  readonly path: readonly string[];
}

/** A function by its source text. */
export interface SourceReference {
  readonly kind: 'source';
  /** An expression that evaluates to the function. */
  readonly text: string;
  readonly name: string;
  /** Whether it was compiled in strict mode. */
  readonly strict: boolean;
}

/** A function or class as plain JSON data. */
export type FunctionReference = ModuleReference | BuiltinReference | SourceReference;

/** How a module is loaded: by `import`, or by `require`. */
export type ModuleFormat = 'module' | 'commonjs';

/** A member path as a person writes it: `api.math.square`. */
export function pathText(path: readonly string[]): string {
  return path.length === 0 ? 'module.exports' : path.join('.');
}
