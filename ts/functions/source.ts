// Compiles functions that came as source text.
import { constants, Script } from 'node:vm';
import type { Callable, SourceReference } from './reference.js';

/** esbuild (and so tsx) calls this helper in functions, to keep the names of inner ones. */
const nameHelper =
  "((__name) => (%))((f, value) => Object.defineProperty(f, 'name', { value, configurable: true }))";

/**
 * The function of a source text.
 * @throws SyntaxError when the text is not an expression
 */
export function compile({ text, name, strict }: SourceReference): Callable {
  const expression = /\b__name\(/.test(text) ? nameHelper.replace('%', () => text) : `(${text})`;
  // `import()` in it works as in a file of the working directory.
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importing } =
    (constants as Partial<typeof constants> | undefined) ?? {};
  const script = new Script(`${strict ? "'use strict'; " : ''}${expression}`, {
    filename: `functionSource(${name})`,
    ...(importing !== undefined && { importModuleDynamically: importing as never }),
  });
  return script.runInThisContext() as Callable;
}
