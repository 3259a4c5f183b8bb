// One process, one file after another: tests start real processes and measure time.
//
// MP_TEST_CELL=<name> runs what depends on one thing: the version of Node, the back end of the memory,
// the way of waiting, the start method; not the checks of documents, sizes and examples.
const cells = {
  node: '{codec,conformance,crash,fork,functions,process,threads}',
  memory: '{conformance,crash,sync,threads,values}',
  wait: '{conformance,crash,sync}',
  spawn: '{crash,process}',
};
const cell = process.env.MP_TEST_CELL;
const folders = cell ? cells[cell] : '**';
if (folders === undefined)
  throw new Error(`MP_TEST_CELL is one of ${Object.keys(cells).join(', ')}`);

module.exports = {
  spec: [`build/dev/test/${folders}/**/*.test.js`],
  require: ['build/dev/test/helpers/nothing-left.js'],
  reporter: './scripts/mocha-reporter.cjs',
  timeout: 20_000,
  slow: 2_000,
  forbidOnly: Boolean(process.env.CI),
  forbidPending: false,
  exit: false,
};
