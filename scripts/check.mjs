// The static checks (`check:*` in package.json), one after another; reports every failure, not
// only the first. `npm run check -- lint format` runs some of them.
import { readFileSync } from 'node:fs';
import { build } from './build.mjs';
import { at, tryRun } from './tools.mjs';

const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const all = Object.keys(scripts).filter((name) => name.startsWith('check:'));
const asked = process.argv.slice(2).map((name) => `check:${name}`);

await build();
const failed = [];
for (const name of asked.length > 0 ? asked : all) {
  console.log(`── ${name} ──`);
  if (tryRun('npm', ['run', '--silent', name]) !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`static checks failed: ${failed.join(', ')}`);
  process.exit(1);
}
