// Which module is main, however Node was started, and that a child runs it once.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixture, runNode } from './programs.js';

interface Main {
  url: string;
  format: string;
  runsInChildren: boolean;
}

const ask = `require(${JSON.stringify(fixture('main-kind.cjs'))})`;
const askInModule = `import ${JSON.stringify(pathToFileURL(fixture('main-kind.cjs')).href)};`;

describe('the main module', function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    // Not in the system's temporary folder: the programs import from this package.
    mkdirSync(join(fixture('..'), '../../build'), { recursive: true });
    folder = mkdtempSync(join(fixture('..'), '../../build/main-module-'));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, text: string): string {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  async function mainOf(...args: string[]): Promise<Main | null> {
    return JSON.parse(await runNode(args)) as Main | null;
  }

  const url = (path: string): string => pathToFileURL(path).href;

  it('in CommonJS is the file', async () => {
    const path = write('a.cjs', ask);
    const main = { url: url(path), format: 'commonjs', runsInChildren: true };
    assert.deepEqual(await mainOf(path), main);
  });

  it('in ESM is the file', async () => {
    const path = write('a.mjs', askInModule);
    const main = { url: url(path), format: 'module', runsInChildren: true };
    assert.deepEqual(await mainOf(path), main);
  });

  it('of `node folder` is the file that Node took', async () => {
    const path = write('folder/index.js', ask);
    assert.equal((await mainOf(join(path, '..')))?.url, url(path));
    const inModule = write('package/lib/start.mjs', askInModule);
    write('package/package.json', '{ "main": "lib/start.mjs" }');
    assert.equal((await mainOf(join(folder, 'package')))?.url, url(inModule));
  });

  it('of `node name` is name.js, or the file without extension', async () => {
    const path = write('named.js', ask);
    assert.equal((await mainOf(join(folder, 'named')))?.url, url(path));
    const bare = write('bare', ask);
    assert.equal((await mainOf(bare))?.url, url(bare));
  });

  it('is none with -e, -p and a program from stdin', async () => {
    assert.equal(await mainOf('-e', ask, 'argument'), null);
    assert.equal(
      await mainOf('--input-type=module', '-e', askInModule, fixture('cjs-lib.cjs')),
      null,
    );
    assert.equal(JSON.parse(await runNode(['-'], { input: ask })), null);
    assert.equal(JSON.parse(await runNode([], { input: ask })), null);
  });

  it('in node_modules does not run in children', async () => {
    const path = write('node_modules/tool/bin.cjs', ask);
    assert.equal((await mainOf(path))?.runsInChildren, false);
  });

  it('of a worker thread is the file of the worker', async () => {
    const worker = write('worker.mjs', askInModule);
    const path = write('starts-worker.mjs', startWorker(worker));
    assert.equal((await mainOf(path))?.url, url(worker));
  });

  for (const [name, format] of [
    ['counted.cjs', 'commonjs'],
    ['counted.mjs', 'module'],
  ] as const) {
    it(`that a child ran is the instance for import and require: ${format}`, async () => {
      cpSync(fixture(name), join(folder, name));
      const output = await runNode([fixture('same-instance.cjs'), name, format]);
      assert.deepEqual(JSON.parse(output), { loads: 1, same: true });
    });
  }
});

function startWorker(file: string): string {
  return `import { Worker } from 'node:worker_threads';\nnew Worker(${JSON.stringify(file)});\n`;
}
