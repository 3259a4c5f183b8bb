// The exports of ECMAScript modules, found in their variables: without their namespaces, which
// cannot be had while a module is still being evaluated (at a top-level await, say).
import { parse, type Export } from 'es-module-lexer';
import { fileOf, textOfFile } from './common-js.js';
import {
  callingModules,
  sourceOf,
  urlOf,
  variablesOfModule,
  type CodeLocation,
  type ModuleVariables,
  type Variables,
} from './inspector.js';
import { memberAt, pathTo } from './members.js';
import type { Callable } from './reference.js';

export interface Found {
  readonly url: string;
  readonly path: string[];
}

/**
 * The function among the exports of one module. Its variables prove identity; its source only says
 * under which names they are exported.
 */
export function findInModule(fn: Callable, module: ModuleVariables): Found | undefined {
  const { scriptId, variables } = module;
  for (const source of sourcesOf(scriptId)) {
    const path = pathTo(exportedVariables(variables, exportsIn(source)), fn);
    if (path) return { url: urlOf(scriptId), path };
  }
  return undefined;
}

/**
 * The function among the exports of the modules that are running, such as the caller's, or of this
 * one, which is loaded but may be anywhere in the heap.
 */
export function findElsewhere(fn: Callable, main: string | undefined): Found | undefined {
  const calling = callingModules();
  for (const module of calling) {
    const found = findInModule(fn, module);
    if (found) return found;
  }
  if (main === undefined || calling.some(({ scriptId }) => urlOf(scriptId) === main)) {
    return undefined;
  }
  const module = variablesOfModule(main);
  return module && findInModule(fn, module);
}

/** What a loaded module exports there, even while it is at a top-level await. */
export function liveExport(url: string, path: readonly string[]): unknown {
  const module = variablesOfModule(url);
  if (!module) return undefined;
  const exports = exportsIn(sourceOf(module.scriptId));
  return memberAt(Object.fromEntries(exportedVariables(module.variables, exports)), path);
}

/**
 * Whether the function is `export default function`, `class` or an arrow function. Its variable is
 * hidden, but the place decides: such a statement is evaluated once, and what it evaluates to is the
 * default export. (`export default make(2)` is another matter: the code of that function is
 * elsewhere.)
 */
export function isDefaultByPlace(location: CodeLocation): boolean {
  const source = sourceOf(location.scriptId);
  const place = exportsIn(source).find((found) => 'name' in found && found.name === 'default');
  const offset = offsetOf(source, location);
  if (place?.type !== 'direct' || offset < place.end) return false;
  const between = source.slice(place.end, offset).replace(/\/\*[^]*?\*\/|\/\/.*$/gm, ' ');
  return /^\s*(async\b)?\s*(function\b\s*\*?|class\b)?\s*$/.test(between);
}

function* exportedVariables(
  variables: Variables,
  exports: readonly Export[],
): Generator<[string, unknown]> {
  for (const found of exports) {
    if (found.type !== 'direct' || found.localName === undefined) continue;
    if (Object.hasOwn(variables, found.localName)) yield [found.name, variables[found.localName]];
  }
}

/** The file first, for asking V8 costs 25 ms; then what really runs, as a loader may have changed it. */
function* sourcesOf(scriptId: string): Generator<string> {
  const file = fileOf(urlOf(scriptId));
  const text = file === undefined ? undefined : textOfFile(file);
  if (text !== undefined) yield text;
  const source = sourceOf(scriptId);
  if (source !== text) yield source;
}

/** What the source exports; nothing when it cannot be read. */
function exportsIn(source: string): readonly Export[] {
  try {
    return parse(source)[1];
  } catch {
    return [];
  }
}

function offsetOf(source: string, { line, column }: CodeLocation): number {
  let start = 0;
  for (let i = 0; i < line; i++) {
    const end = source.indexOf('\n', start);
    if (end < 0) return -1;
    start = end + 1;
  }
  return start + column;
}
