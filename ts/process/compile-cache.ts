// Spares a fresh process a part of its start: what Node compiled once, it finds in a folder of the
// user's from then on. Node 22 and later; NODE_DISABLE_COMPILE_CACHE and NODE_COMPILE_CACHE apply.
import * as modules from 'node:module';

interface WithCache {
  enableCompileCache?(): unknown;
}

// Of functions from the cache V8 does not know all that coverage wants to know.
if (process.env.NODE_V8_COVERAGE === undefined) (modules as WithCache).enableCompileCache?.();
