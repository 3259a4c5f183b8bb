// Builds what is stale: the addon, dist/ (TypeScript and WebAssembly), and build/dev/ (tests,
// benchmarks, examples). Imported by start.mjs and test.mjs; `npm run build` runs it by itself.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { bundle, bundleFile } from './bundle.mjs';
import { filesBelow, Stamp } from './stale.mjs';
import { at, headersPrefix, installIfNeeded, isMain, run } from './tools.mjs';

const addon = 'build/Release/node_multiprocessing.node';
const nativeFolders = ['layout', 'os', 'fork', 'sync', 'napi'].map((name) => `native/${name}`);
const isTypeScript = (name) => /\.[mc]?ts$/.test(name);
const typeScriptSetup = ['tsconfig.json', 'package.json'];

/** Installs and builds whatever is missing or older than its sources. */
export async function build() {
  installIfNeeded();
  await withBuildLock(async () => {
    buildAddon();
    compile('ts', {
      project: 'tsconfig.json',
      sources: filesBelow(['ts', ...typeScriptSetup], isTypeScript),
      outDir: 'dist',
    });
    bundleParts();
    await assemble();
    compile('dev', {
      project: 'tsconfig.dev.json',
      sources: filesBelow(['test', 'bench', 'examples', 'tsconfig.dev.json'], isTypeScript),
      // They are checked against the declarations of dist.
      also: filesBelow(['dist', ...typeScriptSetup], (name) => name.endsWith('ts')),
      outDir: 'build/dev',
    });
  });
}

function buildAddon() {
  const inputs = filesBelow([...nativeFolders, 'binding.gyp', 'package-lock.json']);
  const stamp = new Stamp('addon', inputs);
  if (!stamp.isStale([addon]) || !inputs.some((name) => name.endsWith('.cc'))) return;
  console.error('building the addon …');
  const prefix = headersPrefix();
  const headers = prefix ? [`--nodedir=${prefix}`] : [];
  // Not `rebuild`: that empties build/, where other things live too.
  run('node-gyp', ['configure', 'build', '--jobs=max', '--loglevel=error', ...headers], {
    MAKEFLAGS: '--silent',
  });
  stamp.save();
}

function compile(name, { project, sources, also = [], outDir }) {
  const inputs = [...sources, ...also];
  const stamp = new Stamp(name, inputs);
  const code = sources.filter((path) => isTypeScript(path));
  if (code.length === 0 || !stamp.isStale([`${outDir}/.tsbuildinfo`])) return;
  console.error(`compiling ${outDir} …`);
  if (stamp.hasLostFiles()) rmSync(at(outDir), { recursive: true, force: true });
  run(process.execPath, [at('node_modules/typescript/bin/tsc'), '--project', project]);
  stamp.save();
}

function bundleParts() {
  const isInput = (name) => name.endsWith('.js') && !bundleFile.endsWith(name);
  const stamp = new Stamp('bundle', filesBelow(['dist', 'scripts/bundle.mjs'], isInput));
  if (!stamp.isStale([bundleFile])) return;
  bundle();
  stamp.save();
}

async function assemble() {
  const sources = filesBelow(['native/wasm'], (name) => name.endsWith('.wat'));
  const output = (source) => `dist/native/${basename(source, '.wat')}.wasm`;
  const stamp = new Stamp('wasm', [...sources, 'package-lock.json']);
  if (!stamp.isStale(sources.map(output))) return;
  const wabt = await (await import('wabt')).default();
  const features = { threads: true, bulk_memory: true };
  for (const source of sources) {
    const file = at(output(source));
    mkdirSync(dirname(file), { recursive: true });
    try {
      const module = wabt.parseWat(source, readFileSync(at(source), 'utf8'), features);
      module.validate(features);
      writeFileSync(file, module.toBinary({}).buffer);
      module.destroy();
    } catch (error) {
      // Only the message: the stack's first line is all of wabt.
      console.error(`${source}: ${error.message}`);
      process.exit(1);
    }
  }
  stamp.save();
}

if (isMain(import.meta.url)) {
  await build();
  if (!existsSync(at('dist/index.js'))) process.exitCode = 1;
}
