// Runs a command on other Node versions, with the addon built once: `npm run versions` runs the
// tests on all of them, `npm run versions -- --only 22 -- node x.js` one command on one.
// The binaries come from the npm packages node-<platform>-<arch> into build/node-versions.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { at, run, tryRun } from './tools.mjs';

const { values, positionals: command } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', multiple: true } },
});
const versions = values.only ?? ['22', '24', '26'];
const [program, ...args] = command.length > 0 ? command : ['node', 'scripts/test.mjs'];

/** The folder that holds this major version's `node`, fetched if it is not there yet. */
function binaryFolder(version) {
  const folder = at('build/node-versions', version);
  const name = `node-${process.platform}-${process.arch}`;
  const bin = join(folder, 'node_modules', name, 'bin');
  if (!existsSync(join(bin, 'node'))) {
    mkdirSync(folder, { recursive: true });
    // A manifest of its own, or npm would install into this repository.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
    run('npm', ['install', '--prefix', folder, ...quiet, `${name}@${version}`]);
  }
  return bin;
}

await build();
const failed = [];
for (const version of versions) {
  const bin = binaryFolder(version);
  console.log(`\n── Node ${version} ──`);
  const label = process.env.MOCHA_RESULTS_FOLDER;
  const results = label ? { MOCHA_RESULTS: join(label, `node-${version}.json`) } : {};
  const env = { PATH: bin + delimiter + process.env.PATH, ...results };
  const executable = program === 'node' ? join(bin, 'node') : program;
  if (tryRun(executable, args, env) !== 0) failed.push(version);
}
if (failed.length > 0) {
  console.error(`failed on Node ${failed.join(', ')}`);
  process.exit(1);
}
