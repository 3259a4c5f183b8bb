// Runs a program of this repository from a fresh clone: installs and builds what is missing, then
// starts it. `node scripts/start.mjs` is the tour; a first argument names another one below build/dev.
import { build } from './build.mjs';
import { at, becomeNode } from './tools.mjs';

const [program = 'examples/tour/main.js', ...args] = process.argv.slice(2);
await build();
becomeNode([at('build/dev', program), ...args]);
