// The end of .ci/run: adds up mocha's results, looks for what is left over, prints
// `N passed, N failed` as the last line. A failed step that is not a mocha run, a run without
// results and each leftover count as one failure more, so that 0 failed means that all is well.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string', default: '' };
const { values } = parseArgs({ options: { results: text, runs: text, 'failed-steps': text } });

/** The file's text, or none when the process has ended meanwhile or is another user's. */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function processesLeft() {
  const marker = `NODE_MULTIPROCESSING_CI_RUN=${process.env.NODE_MULTIPROCESSING_CI_RUN}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => readIfThere(`/proc/${pid}/environ`).includes(marker))
    .map((pid) => `process ${pid}: ${readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

function sharedMemoryLeft() {
  const before = new Set((process.env.SHM_BEFORE ?? '').split('\n'));
  const now = existsSync('/dev/shm') ? readdirSync('/dev/shm') : [];
  return now.filter((name) => !before.has(name)).map((name) => `/dev/shm/${name}`);
}

/** What a failure says, beneath its title; a flood is cut. */
function indented(text) {
  const limit = 4000;
  const shown = text.length > limit ? `${text.slice(0, limit)} …` : text;
  return shown.replaceAll(/^/gm, '    ');
}

/** Where the time went: the test files that took longest. */
function slowest(seconds) {
  const files = Object.entries(seconds).sort(([, a], [, b]) => b - a);
  return files.slice(0, 5).map(([file, time]) => `${file} ${Math.round(time)} s`);
}

let passed = 0;
const problems = [];
for (const run of values.runs.split(' ')) {
  const file = join(values.results, `${run}.json`);
  if (!existsSync(file)) {
    problems.push(`${run}: mocha wrote no results`);
    continue;
  }
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  console.log(`${run} (Node ${counts.node}): ${counts.passed} passed, ${counts.failed} failed`);
  console.log(`  longest: ${slowest(counts.seconds).join(', ')}`);
  if (counts.passed === 0) problems.push(`${run}: no test has passed`);
  passed += counts.passed;
  problems.push(...counts.failures.map(({ title, text }) => `${run}: ${title}\n${indented(text)}`));
}
const mochaProblems = problems.length;
const steps = values['failed-steps'].split(';').filter(Boolean);
// A mocha step that failed is in the list already, test by test.
const isCounted = (name) => name.startsWith('tests') && mochaProblems > 0;
problems.push(...steps.filter((name) => !isCounted(name)).map((name) => `step: ${name}`));
problems.push(...processesLeft(), ...sharedMemoryLeft());

for (const problem of problems) console.log(`failed: ${problem}`);
console.log(`${passed} passed, ${problems.length} failed`);
process.exitCode = problems.length > 0 ? 1 : 0;
