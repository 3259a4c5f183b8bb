// Mocha's `spec` reporter that also writes { node, passed, failed, pending, failures, seconds } as
// JSON to the file named by MOCHA_RESULTS, so that .ci/run can add up several runs. `seconds` are
// those of each test file, without its hooks.
const { mkdirSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Spec } = require('mocha').reporters;

/** How long what is left may keep the process alive after the last test. */
const patienceMs = 60_000;

function endAnyway() {
  const left = process.getActiveResourcesInfo().join(', ');
  console.error(`the tests are over, but the run does not end; what is left: ${left}`);
  // Mocha has a listener that makes it the number of failures.
  process.on('exit', () => {
    process.exitCode = 1;
  });
  process.exit();
}

module.exports = class SpecAndCounts extends Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      // Whatever a test left behind, a run that does not end says so, and ends.
      setTimeout(endAnyway, patienceMs).unref();
    });
    const file = process.env.MOCHA_RESULTS;
    if (!file) return;
    const failures = [];
    const seconds = {};
    runner.on('test end', ({ file: path, duration = 0 }) => {
      const name = join(basename(dirname(path)), basename(path, '.test.js'));
      seconds[name] = (seconds[name] ?? 0) + duration / 1000;
    });
    runner.on('fail', (test, error) => {
      failures.push({ title: test.fullTitle(), text: error.stack ?? String(error) });
    });
    runner.once('end', () => {
      const { passes, pending } = runner.stats;
      const counts = { node: process.version, passed: passes, failed: failures.length, pending };
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify({ ...counts, failures, seconds }, null, 2));
    });
  }
};
