// The programs in README.md and docs/ run as a user would run them, as ES modules and as CommonJS,
// and print what the document says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import * as ts from 'typescript';

import { programsIn, root, userDocuments, type Program } from './fenced-blocks';

const execute = promisify(execFile);
const watchdogMs = 30_000;
const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

/** Top-level declarations that are exported: of several lines up to a brace, or of one line. */
const exported = /^export ((?:async )?(?:function|class) (\w+).*?^\}|const (\w+)[^\n]*;)$/gms;

/** The same program for CommonJS; an async function stands in for top-level await. */
function asCommonJs(code: string): string {
  const declarations = [...code.matchAll(exported)].map(([, text = '', block, line]) => {
    const name = block ?? line ?? '';
    return `${text}\nexports.${name} = ${name};`;
  });
  const lines = code.replaceAll(exported, '').split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import '));
  const requires = imports.map((line) =>
    line.replace(/^import (?:\* as )?(.+) from ('.+');$/, 'const $1 = require($2);'),
  );
  const program = [...requires, ...declarations, 'void (async () => {', ...rest, '})();', ''];
  return program.join('\n').replaceAll('import.meta.url', '__filename');
}

describe('the programs in the documents', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'documents-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/node-multiprocessing'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function outputOf(name: string, code: string): Promise<string> {
    const file = join(folder, name);
    writeFileSync(file, code);
    const runner = name.endsWith('ts') ? [tsx] : [];
    const { stdout } = await execute(process.execPath, [...runner, file], {
      cwd: folder,
      timeout: watchdogMs,
      killSignal: 'SIGKILL',
    });
    return stdout;
  }

  async function runs({ language, code, prints }: Program, commonJs: boolean): Promise<void> {
    const name = `program.${commonJs ? 'c' : 'm'}${language}`;
    const output = await outputOf(name, commonJs ? asCommonJs(code) : code);
    if (prints !== undefined) assert.equal(output, prints);
  }

  const programs = userDocuments.flatMap(programsIn);

  it('are there', () => {
    assert.ok(programs.some(({ document }) => document === 'README.md'));
  });

  for (const program of programs) {
    const title = `${program.document}, line ${program.line}`;

    it(`${title}, runs as an ES module`, () => runs(program, false)).timeout(watchdogMs);
    it(`${title}, runs as CommonJS`, () => runs(program, true)).timeout(watchdogMs);
  }
});

describe('the TypeScript programs in the documents', () => {
  const programs = userDocuments.flatMap(programsIn).filter(({ language }) => language === 'ts');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  let folder = '';
  let compiled: ts.Program;
  const fileOf = (index: number): string => join(folder, `program-${index}.mts`);

  before(function () {
    this.timeout(watchdogMs);
    folder = mkdtempSync(join(tmpdir(), 'documents-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/node-multiprocessing'));
    for (const [i, { code }] of programs.entries()) writeFileSync(fileOf(i), code);
    // All at once: what takes seconds are the declarations that they share.
    const files = programs.map((_, i) => fileOf(i));
    compiled = ts.createProgram(files, options);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [i, { document, line }] of programs.entries()) {
    it(`${document}, line ${line}, has right types`, () => {
      const found = ts.getPreEmitDiagnostics(compiled, compiled.getSourceFile(fileOf(i)));
      assert.deepEqual(
        found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
        [],
      );
    }).timeout(watchdogMs);
  }
});
