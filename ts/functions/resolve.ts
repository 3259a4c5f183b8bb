// From a reference to the function, in the process that calls it.
import { NotImportableError } from '../errors.js';
import { builtinRoot } from './builtins.js';
import { liveExport } from './es-modules.js';
import { InspectorUnavailable } from './inspector.js';
import { loadModule, loadModuleSync } from './load.js';
import { isEntry } from './main-module.js';
import { isObject, memberAt } from './members.js';
import { ownFunction } from './reference-of.js';
import {
  pathText,
  type BuiltinReference,
  type SourceReference,
  type Callable,
  type FunctionReference,
  type ModuleReference,
} from './reference.js';
import { compile } from './source.js';
import { fingerprintOf } from './text.js';

/** What was resolved here, so that the tasks of a pool do not import and compare again each time. */
const resolved = new Map<string, Callable>();
const maxResolved = 1000;

/**
 * The function of a reference. Loads its module if need be. Never waits for a main module that is at
 * a top-level await: that may be waiting for this.
 * @throws NotImportableError when the module has no such export, or another function there; what the
 * module throws while it is loaded
 */
export async function resolve(reference: FunctionReference): Promise<Callable> {
  const known = resolved.get(keyOf(reference));
  if (known) return known;
  return remember(
    reference,
    reference.kind === 'module' ? await imported(reference) : direct(reference),
  );
}

/**
 * The same without waiting.
 * @throws NotImportableError also when the module would have to be imported asynchronously
 */
export function resolveSync(reference: FunctionReference): Callable {
  const known = resolved.get(keyOf(reference));
  if (known) return known;
  return remember(reference, reference.kind === 'module' ? required(reference) : direct(reference));
}

const keyOf = (reference: FunctionReference): string => JSON.stringify(reference);

function remember(reference: FunctionReference, fn: Callable): Callable {
  if (resolved.size >= maxResolved) resolved.clear();
  resolved.set(keyOf(reference), fn);
  return fn;
}

async function imported(reference: ModuleReference): Promise<Callable> {
  const own = ownFunction(reference);
  if (own) return own;
  const { url, format } = reference;
  const loading = loadModule(url, format);
  if (isEntry(url)) {
    const isLoaded = await Promise.race([loading.then(() => true), nextTurn()]);
    const live = isLoaded === true ? undefined : liveFunction(reference);
    if (live) {
      loading.catch(() => undefined);
      return live;
    }
  }
  return exportOf(reference, await loading);
}

function direct(reference: BuiltinReference | SourceReference): Callable {
  if (reference.kind === 'source') return compile(reference);
  const { module, path } = reference;
  return callable(memberAt(builtinRoot(module), path), module, path);
}

function required(reference: ModuleReference): Callable {
  const own = ownFunction(reference);
  if (own) return own;
  const loaded = loadModuleSync(reference.url);
  if (loaded) return exportOf(reference, loaded.exports);
  const live = isEntry(reference.url) ? liveFunction(reference) : undefined;
  if (live) return live;
  throw new NotImportableError(
    `${pathText(reference.path)} of ${reference.url} cannot be loaded without waiting: it is an ` +
      'ECMAScript module that is not loaded yet. Use the form that returns a Promise.',
  );
}

const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** From the variables of a module that is still running. */
function liveFunction(reference: ModuleReference): Callable | undefined {
  try {
    const value = liveExport(reference.url, reference.path);
    return typeof value === 'function' ? checked(reference, value as Callable) : undefined;
  } catch (error) {
    if (error instanceof InspectorUnavailable) return undefined;
    throw error;
  }
}

function exportOf(reference: ModuleReference, exports: unknown): Callable {
  const { url, path } = reference;
  return checked(reference, callable(memberAt(exports, inExports(exports, path)), url, path));
}

function checked({ url, path, fingerprint }: ModuleReference, fn: Callable): Callable {
  if (fingerprint === undefined || fingerprintOf(fn) === fingerprint) return fn;
  throw new NotImportableError(
    `${pathText(path)} of ${url} is another function in this process than in the one that sent ` +
      'it: the file was changed meanwhile, or the module decides at run time what it exports',
  );
}

/** As for import: the default export of a CommonJS module is its `module.exports`. */
function inExports(exports: unknown, path: readonly string[]): readonly string[] {
  const isMissing = path[0] === 'default' && isObject(exports) && !('default' in exports);
  return isMissing ? path.slice(1) : path;
}

function callable(value: unknown, module: string, path: readonly string[]): Callable {
  if (typeof value === 'function') return value as Callable;
  throw new NotImportableError(
    `${module} has no function ${pathText(path)} in this process: ` +
      (value === undefined
        ? 'it exports nothing of that name'
        : `what it exports there is a value of type ${typeof value}`),
  );
}
