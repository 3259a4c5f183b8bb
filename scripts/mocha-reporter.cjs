// Mocha's `spec` reporter that also writes { node, passed, failed, pending, failures, seconds } as
// JSON to the file named by MOCHA_RESULTS, so that .ci/run can add up several runs. `seconds` are
// those of each test file, without its hooks.
const { mkdirSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Spec } = require('mocha').reporters;

module.exports = class SpecAndCounts extends Spec {
  constructor(runner, options) {
    super(runner, options);
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
