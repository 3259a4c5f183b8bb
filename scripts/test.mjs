// Runs the test suite with mocha from a fresh clone; arguments go to mocha.
// MOCHA_RESULTS=<file> also writes the counts there, see scripts/mocha-reporter.cjs.
import { build } from './build.mjs';
import { at, becomeNode } from './tools.mjs';

await build();
becomeNode([at('node_modules/mocha/bin/mocha.js'), ...process.argv.slice(2)]);
