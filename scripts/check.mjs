// All static checks, one after another; reports every failure, not only the first.
// `node scripts/check.mjs lint format` runs some of them.
import { build } from './build.mjs';
import { at, tryRun } from './tools.mjs';

const node = process.execPath;
const checks = {
  lint: ['eslint', '.', '--max-warnings=0'],
  format: ['prettier', '--check', '--log-level=warn', '.'],
  layers: ['depcruise', 'ts', '--config', '.dependency-cruiser.cjs'],
  unused: ['knip'],
  api: ['api-extractor', 'run'],
  package: [node, at('scripts/check-package.mjs')],
  clang: [node, at('scripts/clang.mjs')],
};

await build();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const failed = [];
for (const name of wanted) {
  console.log(`── check: ${name} ──`);
  const [command, ...args] = checks[name] ?? ['false'];
  if (tryRun(command, args) !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`static checks failed: ${failed.join(', ')}`);
  process.exit(1);
}
