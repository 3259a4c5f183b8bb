// The CommonJS modules of this thread: what is loaded, and loading by require.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'cjs-module-lexer';
import { isObject, ownMembers, pathTo } from './members.js';
import { nameOf } from './text.js';
import type { Callable } from './reference.js';

// One that works for absolute paths, in whatever way this file was bundled. Its cache is everybody's.
const requireAbsolute = createRequire(__filename);

export interface LoadedModule {
  readonly file: string;
  readonly exports: unknown;
  /** False while its code still runs: then exports may be missing. */
  readonly isComplete: boolean;
}

/** The module of this file, if it is loaded (or being loaded) by require. */
export function loadedModule(file: string): LoadedModule | undefined {
  const module = requireAbsolute.cache[file];
  return module && { file, exports: module.exports, isComplete: module.loaded };
}

/** What `require` gives for an absolute path. */
export function requireFile(file: string): unknown {
  return requireAbsolute(file) as unknown;
}

/** The file that `require` takes for a path: `dir` → `dir/index.js`, `name` → `name.js`. */
export function resolveFile(path: string): string | undefined {
  try {
    return requireAbsolute.resolve(path);
  } catch {
    return undefined;
  }
}

/** A Node module by its name, such as `node:path`. */
export function requireBuiltin(name: string): unknown {
  return requireAbsolute(name) as unknown;
}

/** The file behind a `file:` URL without query; undefined for others. */
export function fileOf(url: string): string | undefined {
  if (!url.startsWith('file:') || /[?#]/.test(url)) return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** Path to the function from `module.exports` of one module. */
export function pathInModule(module: LoadedModule, fn: Callable): string[] | undefined {
  const { exports } = module;
  if (exports === fn) return [];
  if (!isObject(exports)) return undefined;
  // Compilers export by getters (TypeScript's re-exports, esbuild's everything).
  return pathTo(ownMembers(exports, { callGetters: true }), fn);
}

/**
 * A loaded module that exports the function under its name, and the path. Quick, for it looks at one
 * property of each; calls no getters, for the modules are anybody's.
 */
export function quickSearch(fn: Callable): { url: string; path: string[] } | undefined {
  const name = nameOf(fn);
  for (const [file, module] of Object.entries(requireAbsolute.cache)) {
    const exports: unknown = module?.exports;
    if (!isObject(exports)) continue;
    const url = (): string => pathToFileURL(file).href;
    if (exports === fn) return { url: url(), path: [] };
    if (Object.getOwnPropertyDescriptor(exports, name)?.value === fn) {
      return { url: url(), path: [name] };
    }
  }
  return undefined;
}

/** The same, looking at every member of every module. */
export function thoroughSearch(fn: Callable): { url: string; path: string[] } | undefined {
  for (const [file, module] of Object.entries(requireAbsolute.cache)) {
    const exports: unknown = module?.exports;
    if (!isObject(exports)) continue;
    const path = pathTo(ownMembers(exports), fn);
    if (path) return { url: pathToFileURL(file).href, path };
  }
  return undefined;
}

/**
 * The path under which a module that is still running will export this function, if its code says
 * so: `module.exports = { … }` stands at the end of many files, after the code that calls us.
 *
 * There is nothing to compare with yet, so only a function that exists once is accepted: one that is
 * declared at the start of a line, outside of all others, under the name that is exported. The other
 * process compares the source text as well.
 */
export function promisedPath(
  fn: Callable,
  file: string,
  location: { line: number; column: number },
): string[] | undefined {
  const name = nameOf(fn);
  const source = textOfFile(file) ?? '';
  const before = source.split('\n')[location.line]?.slice(0, location.column) ?? '';
  const declared = /^(?:async )?(?:function\b *\*? *|class |const |let |var )([\w$]+)/.exec(before);
  if (name === '' || declared?.[1] !== name) return undefined;
  if (new RegExp(`^module\\.exports\\s*=\\s*${escape(name)}\\s*;?\\s*$`, 'm').test(source))
    return [];
  return exportNames(source).includes(name) ? [name] : undefined;
}

function exportNames(source: string): string[] {
  try {
    return parse(source).exports;
  } catch {
    return [];
  }
}

const escape = (text: string): string => text.replace(/[$]/g, '\\$&');

/** The text of a file; undefined when it cannot be read. */
export function textOfFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
