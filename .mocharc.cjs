// One process, one file after another: tests start real processes and measure time.
module.exports = {
  spec: ['build/dev/test/**/*.test.js'],
  require: ['build/dev/test/helpers/nothing-left.js'],
  reporter: './scripts/mocha-reporter.cjs',
  timeout: 20_000,
  slow: 2_000,
  forbidOnly: Boolean(process.env.CI),
  forbidPending: false,
  exit: false,
};
