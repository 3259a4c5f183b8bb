// One process, one file after another: tests start real processes and measure time.
//
// MP_TEST_CELL=1 runs what depends on the Node version, the back end and the system: the behaviour of
// the objects and the kill rounds, not the checks of documents, sizes and examples.
const folders = process.env.MP_TEST_CELL
  ? '{codec,conformance,crash,functions,process,sync,threads,values}'
  : '**';

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
