// Functions that Node and JavaScript bring along, found by identity.
import { builtinModules, isBuiltin } from 'node:module';
import { runInNewContext } from 'node:vm';
import { requireBuiltin } from './common-js.js';
import { ownMembers, pathTo } from './members.js';
import type { BuiltinReference, Callable } from './reference.js';

/** What Node adds to the global object. Named here, for some of its getters warn or load a lot. */
const nodeGlobals = [
  ...['process', 'Buffer', 'console', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  ...['clearImmediate', 'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'fetch'],
  ...['performance', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'MessageChannel'],
  ...['MessagePort', 'MessageEvent', 'BroadcastChannel', 'Blob', 'DOMException', 'WebAssembly'],
  ...['FormData', 'Headers', 'Request', 'Response', 'ReadableStream', 'WritableStream'],
  ...['TransformStream', 'CompressionStream', 'DecompressionStream', 'crypto'],
];

/** Those that warn when they are loaded, and that nobody can have a function of without. */
const lastResorts = new Set(['punycode', 'sys', 'wasi', 'trace_events', 'inspector', 'repl']);

let globals: [string, unknown][] | undefined;

/**
 * The built-in that this function is, or undefined.
 * @param origin - the URL of the script that it is defined in, `node:…`, or undefined
 */
export function builtinReference(fn: Callable, origin?: string): BuiltinReference | undefined {
  const hint = origin !== undefined && isBuiltin(origin) ? origin : undefined;
  return inModules(fn, hint ? [hint] : []) ?? inGlobals(fn) ?? inModules(fn, moduleNames());
}

function inGlobals(fn: Callable): BuiltinReference | undefined {
  globals ??= [...globalNames()].map((name) => [name, (globalThis as never)[name]]);
  const path = pathTo(globals, fn);
  return path && { kind: 'builtin', module: 'globalThis', path };
}

/** Without what the program added, which another process may lack. */
function globalNames(): Set<string> {
  const ofLanguage = runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[];
  return new Set([...ofLanguage, ...nodeGlobals].filter((name) => name !== 'globalThis'));
}

function inModules(fn: Callable, names: Iterable<string>): BuiltinReference | undefined {
  for (const module of names) {
    const exports = requireBuiltin(module) as object;
    if (exports === fn) return { kind: 'builtin', module, path: [] };
    const path = pathTo(ownMembers(exports), fn);
    if (path) return { kind: 'builtin', module, path };
  }
  return undefined;
}

/**
 * All that are loaded, if Node says so: a function of another one cannot be had. With the parts of
 * those, such as `fs/promises`, which `fs.promises` is without loading it.
 */
function moduleNames(): string[] {
  const { moduleLoadList } = process as { moduleLoadList?: unknown };
  const loaded = Array.isArray(moduleLoadList)
    ? new Set((moduleLoadList as unknown[]).map(String))
    : undefined;
  return builtinModules
    .filter((name) => !name.startsWith('_') && !lastResorts.has(name))
    .filter((name) => loaded?.has(`NativeModule ${name.replace(/\/.*/, '')}`) ?? true)
    .map((name) => (name.startsWith('node:') ? name : `node:${name}`));
}

/** The root that a reference's path starts from. */
export function builtinRoot(module: string): unknown {
  return module === 'globalThis' ? globalThis : requireBuiltin(module);
}
