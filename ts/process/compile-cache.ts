// Spares a fresh process, or thread, a part of its start: what Node compiled once, it finds in a folder
// of the user's from then on. Node 22 and later; NODE_DISABLE_COMPILE_CACHE and NODE_COMPILE_CACHE
// apply.
import * as modules from 'node:module';

interface WithCache {
  enableCompileCache?(): unknown;
  flushCompileCache?(): void;
}

/** Node fills the cache at its exit, which a worker of a pool does not live to see: it is terminated. */
const flushAfterMs = 1000;

const node = modules as WithCache;
// Of functions from the cache V8 does not know all that coverage wants to know.
if (process.env.NODE_V8_COVERAGE === undefined) {
  node.enableCompileCache?.();
  if (node.flushCompileCache !== undefined) {
    setTimeout(() => node.flushCompileCache?.(), flushAfterMs).unref();
  }
}
