// From a function to a reference: finds the export that *is* the function.
//
// Nothing is guessed. A candidate counts when it is the same object; source and location only say
// where to look. So two closures of one factory are told apart, and a function that no module
// exports is refused, however much it looks like one that is.
import { invalidArgument } from '../errors.js';
import { builtinReference } from './builtins.js';
import {
  fileOf,
  loadedModule,
  pathInModule,
  promisedPath,
  quickSearch,
  thoroughSearch,
} from './common-js.js';
import { findElsewhere, findInModule, isDefaultByPlace } from './es-modules.js';
import { referenceIn, type FunctionRef } from './function-ref.js';
import {
  inspectFunction,
  InspectorUnavailable,
  moduleScope,
  urlOf,
  type FunctionFacts,
} from './inspector.js';
import { mainModule } from './main-module.js';
import { refuse, refuseWithoutInspector } from './not-importable.js';
import {
  type Callable,
  type FunctionReference,
  type ModuleFormat,
  type ModuleReference,
} from './reference.js';
import { fingerprintOf, isNative } from './text.js';

const known = new WeakMap<Callable, FunctionReference>();

/** The functions of module references made here, by {@link keyOf}. */
const sent = new Map<string, WeakRef<Callable>>();

/**
 * The reference of an exported function or class, or what a FunctionRef names. The first call for a
 * function may take milliseconds, later ones take what a WeakMap takes.
 * @throws NotImportableError when no module exports it
 * @throws TypeError when it is not a function
 */
export function referenceOf(fn: Callable | FunctionRef): FunctionReference {
  if (typeof fn !== 'function') {
    const named = referenceIn(fn);
    if (named) return named;
    throw invalidArgument('expected a function, or what functionRef() returns');
  }
  let reference = known.get(fn);
  if (!reference) {
    reference = find(fn);
    known.set(fn, reference);
    if (reference.kind === 'module') sent.set(keyOf(reference), new WeakRef(fn));
  }
  return reference;
}

/** The function that this thread made the reference of, if it did and still has it. */
export function ownFunction(reference: ModuleReference): Callable | undefined {
  return sent.get(keyOf(reference))?.deref();
}

const keyOf = ({ url, path }: ModuleReference): string => JSON.stringify([url, ...path]);

function find(fn: Callable): FunctionReference {
  // What costs least comes first: CommonJS modules need no inspector.
  return inCommonJsMain(fn) ?? exported(fn, quickSearch(fn), 'commonjs') ?? byInspector(fn);
}

function inCommonJsMain(fn: Callable): FunctionReference | undefined {
  const url = mainModule()?.url;
  return url === undefined ? undefined : inCommonJs(fn, url);
}

function byInspector(fn: Callable): FunctionReference {
  try {
    const facts = inspectFunction(fn);
    const url = facts.location && urlOf(facts.location.scriptId);
    const reference = atHome(fn, facts, url) ?? inOtherModules(fn);
    if (reference) return reference;
    throw refuse(fn, facts, url);
  } catch (error) {
    if (!(error instanceof InspectorUnavailable)) throw error;
    const reference =
      (isNative(fn) ? builtinReference(fn) : undefined) ??
      exported(fn, thoroughSearch(fn), 'commonjs');
    if (reference) return reference;
    throw refuseWithoutInspector(fn, error);
  }
}

/** Where the code of the function is. */
function atHome(
  fn: Callable,
  facts: FunctionFacts,
  url: string | undefined,
): FunctionReference | undefined {
  const { location } = facts;
  if (!location || url === undefined || url.startsWith('node:')) return builtinReference(fn, url);
  const scope = moduleScope(facts);
  if (!scope) return inCommonJs(fn, url) ?? promised(fn, facts, url);
  const module = { scriptId: location.scriptId, variables: scope.variables };
  const found = findInModule(fn, module);
  if (found) return exported(fn, found, 'module');
  return isDefaultByPlace(location)
    ? exported(fn, { url, path: ['default'] }, 'module')
    : undefined;
}

function inCommonJs(fn: Callable, url: string): FunctionReference | undefined {
  const file = fileOf(url);
  const module = file === undefined ? undefined : loadedModule(file);
  const path = module && pathInModule(module, fn);
  return exported(fn, path && { url, path }, 'commonjs');
}

function promised(
  fn: Callable,
  { location }: FunctionFacts,
  url: string,
): FunctionReference | undefined {
  const file = fileOf(url);
  if (file === undefined || !location || loadedModule(file)?.isComplete !== false) return undefined;
  const path = promisedPath(fn, file, location);
  return exported(fn, path && { url, path }, 'commonjs');
}

/** A function may be exported elsewhere: `export const double = make(2)` with another's `make`. */
function inOtherModules(fn: Callable): FunctionReference | undefined {
  const main = mainModule();
  const url = main?.format === 'module' ? main.url : undefined;
  return (
    exported(fn, thoroughSearch(fn), 'commonjs') ?? exported(fn, findElsewhere(fn, url), 'module')
  );
}

function exported(
  fn: Callable,
  found: { url: string; path: string[] } | undefined,
  format: ModuleFormat,
): FunctionReference | undefined {
  return found && { kind: 'module', ...found, format, fingerprint: fingerprintOf(fn) };
}
