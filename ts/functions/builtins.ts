// Functions that Node and JavaScript bring along, found by identity.
import { builtinModules, isBuiltin } from 'node:module';
import { requireBuiltin } from './common-js.js';
import { ownMembers, pathTo } from './members.js';
import { nameOf } from './text.js';
import type { BuiltinReference, Callable } from './reference.js';

/**
 * Global names whose values are looked at: the language's first, for they are asked for most. Listed,
 * since a program may add names that another process lacks, and some getters of Node warn.
 */
const globalNames = [
  'Math JSON Object Array Number String Boolean Symbol BigInt Date RegExp Map Set WeakMap WeakSet',
  'WeakRef FinalizationRegistry Promise Proxy Reflect Function Error AggregateError EvalError',
  'RangeError ReferenceError SyntaxError TypeError URIError ArrayBuffer SharedArrayBuffer DataView',
  'Atomics Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array',
  'Float16Array Float32Array Float64Array BigInt64Array BigUint64Array Intl Iterator Temporal',
  'parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent',
  'escape unescape eval DisposableStack AsyncDisposableStack SuppressedError WebAssembly',
  'console process Buffer URL URLSearchParams TextEncoder TextDecoder setTimeout setInterval',
  'setImmediate clearTimeout clearInterval clearImmediate queueMicrotask structuredClone atob btoa',
  'performance AbortController AbortSignal Event EventTarget MessageChannel MessagePort',
  'MessageEvent BroadcastChannel Blob File DOMException URLPattern fetch FormData Headers Request',
  'Response ReadableStream WritableStream TransformStream CompressionStream DecompressionStream',
  'crypto Crypto CryptoKey SubtleCrypto',
].flatMap((line) => line.split(' '));

/** Those that warn when they are loaded, and that nobody can have a function of without. */
const lastResorts = new Set(['punycode', 'sys', 'wasi', 'trace_events', 'inspector', 'repl']);

/**
 * The built-in that this function is, or undefined.
 * @param origin - the URL of the script that it is defined in, `node:…`, or undefined
 */
export function builtinReference(fn: Callable, origin?: string): BuiltinReference | undefined {
  const hint = origin !== undefined && isBuiltin(origin) ? origin : undefined;
  const quick = inModules(fn, hint ? [hint] : []) ?? inGlobals(fn);
  // What a program bound is in no module of Node, and to go through all of them takes 100 ms.
  return quick ?? (nameOf(fn).startsWith('bound ') ? undefined : inModules(fn, moduleNames()));
}

function inGlobals(fn: Callable): BuiltinReference | undefined {
  // One after the other: the values behind some names are made when they are asked for.
  for (const name of globalNames) {
    const value = (globalThis as Record<string, unknown>)[name];
    const path = pathTo([[name, value]], fn);
    if (path) return { kind: 'builtin', module: 'globalThis', path };
  }
  return undefined;
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
