// The fast back end: a window of shared memory under one WebAssembly.Memory, and the uncontended
// paths in wasm, which the optimising compiler inlines into its callers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

import { native } from '../native/binding.js';
import type { FastPaths } from './fast-paths.js';
import type { Words } from './words.js';

const pageBytes = 65536;
const environmentKey = 'node-multiprocessing:window';

/** Maps all segments under a window of this thread, or throws where none can be made. */
export function openWasmBackend(): {
  paths: FastPaths;
  wordsAt(address: number): Words;
} {
  const memory = inheritedWindow() ?? newWindow();
  native.useWindow(new Uint8Array(memory.buffer));
  // Threads that start from here on use the same window, which saves them their own.
  setEnvironmentData(environmentKey, memory);
  const code = readFileSync(join(__dirname, '..', 'native', 'fast-paths.wasm'));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { shared: { memory } });
  const array = new Int32Array(memory.buffer);
  return {
    paths: instance.exports as unknown as FastPaths,
    wordsAt: (address) => ({ array, index: address >>> 2 }),
  };
}

function newWindow(): WebAssembly.Memory {
  const pages = native.constants.windowBytes / pageBytes;
  // Not growable: growing would map fresh pages over the shared ones.
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function inheritedWindow(): WebAssembly.Memory | undefined {
  const data: unknown = getEnvironmentData(environmentKey);
  return data instanceof WebAssembly.Memory ? data : undefined;
}
