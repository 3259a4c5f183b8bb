// Loads modules by URL, each in the way that gives the instance which the program has.
import { fileOf, loadedModule, requireFile } from './common-js.js';
import type { ModuleFormat } from './reference.js';

/** Namespaces of modules that were imported here, for those who cannot wait. */
const imported = new Map<string, unknown>();

/**
 * The namespace of an ECMAScript module, `module.exports` of a CommonJS one. Rejects with what the
 * module throws.
 */
export async function loadModule(url: string, format?: ModuleFormat): Promise<unknown> {
  const file = fileOf(url);
  if (format === 'commonjs' && file !== undefined) return loadCommonJs(file, url);
  const loaded = format === undefined && file !== undefined ? loadedModule(file) : undefined;
  if (loaded) return loaded.exports;
  const namespace: unknown = await import(url);
  // What import made of a CommonJS module: its exports, without the wrapper.
  const exports = file === undefined ? undefined : loadedModule(file)?.exports;
  const result = format === undefined && exports !== undefined ? exports : namespace;
  imported.set(url, result);
  return result;
}

/**
 * The same at once: possible for CommonJS modules, for what was imported before, and on newer Nodes
 * for modules without top-level await. Undefined where it is not possible.
 */
export function loadModuleSync(url: string): { exports: unknown } | undefined {
  if (imported.has(url)) return { exports: imported.get(url) };
  const file = fileOf(url);
  if (file === undefined) return undefined;
  const loaded = loadedModule(file);
  if (loaded) return loaded;
  try {
    return { exports: requireFile(file) };
  } catch (error) {
    if (isAboutFormat(error)) return undefined;
    throw error;
  }
}

async function loadCommonJs(file: string, url: string): Promise<unknown> {
  const loaded = loadedModule(file);
  if (loaded) return loaded.exports;
  try {
    return requireFile(file);
  } catch (error) {
    if (!isAboutFormat(error)) throw error;
    return import(url);
  }
}

/** Errors that say "not by require", as against what the module itself throws. */
function isAboutFormat(error: unknown): boolean {
  const code = String((error as { code?: unknown } | null)?.code);
  return /^ERR_REQUIRE_(ESM|ASYNC_MODULE|CYCLE_MODULE)$/.test(code);
}
