// Makes dist/process/bundle-parts.js: all compiled modules in one file, each a function as Node would
// make of its own. ts/process/bundle.ts loads it, and says what it is for.
import { readFileSync, writeFileSync } from 'node:fs';
import { at } from './tools.mjs';
import { filesBelow } from './stale.mjs';

const output = 'dist/process/bundle-parts.js';

/** Modules that few children need, and that take long to load: loaded at their first use. */
const lateOnes = new Set([
  'cjs-module-lexer',
  'es-module-lexer',
  'node:crypto',
  'node:dns/promises',
  'node:net',
  'node:v8',
  'node:vm',
]);

/** What is loaded by Node itself, or never in a child. */
const apart = /^dist\/(cli|process\/bundle)|-main\.js$/;
const isPart = (file) => !apart.test(file) || file === 'dist/process/child-main.js';

/**
 * The module's code with late imports: TypeScript names the module at each use, so that a use can be
 * a call. Lines stay where they are.
 */
function withLateImports(code) {
  const late = [];
  const declared = code.replace(/^const (\w+) = require\("([^"]+)"\);$/gm, (line, name, id) => {
    if (!lateOnes.has(id)) return line;
    late.push(name);
    return `const ${name} = late(${JSON.stringify(id)});`;
  });
  return late.reduce((text, name) => text.replaceAll(`${name}.`, `(${name}()).`), declared);
}

const before = `"use strict";
const late = (id) => { let found; return () => (found ??= require(id)); };
exports.parts = {
`;
const parameters = '(exports, require, module, __filename, __dirname)';

/** Writes the bundle, and its source map: the maps of the parts, one behind the other. */
export function bundle() {
  let text = before;
  let line = before.split('\n').length - 1;
  const sections = [];
  for (const file of filesBelow(['dist'], (name) => name.endsWith('.js')).filter(isPart)) {
    const code = readFileSync(at(file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
    const map = JSON.parse(readFileSync(at(`${file}.map`), 'utf8'));
    const path = file.slice('dist/'.length);
    // In parentheses V8 compiles it at once: all of them run.
    text += `${JSON.stringify(path)}: (function ${parameters} {\n${withLateImports(code)}}),\n`;
    // The sources are in the maps of the modules.
    sections.push({ offset: { line: line + 1, column: 0 }, map: { ...map, sourcesContent: [] } });
    line = text.split('\n').length - 1;
  }
  writeFileSync(at(output), `${text}};\n//# sourceMappingURL=bundle-parts.js.map\n`);
  // Without `sources` Node takes no map.
  const map = { version: 3, file: 'bundle-parts.js', sources: [], sections };
  writeFileSync(at(`${output}.map`), JSON.stringify(map));
}

export { output as bundleFile };
