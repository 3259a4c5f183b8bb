// Builds and runs the C++ tests, which know no Node: `npm run test:native` plainly,
// `npm run test:native -- address thread` under sanitizers, `-- all` in all three ways.
import { availableParallelism } from 'node:os';
import { at, run, tryRun } from './tools.mjs';

const asked = process.argv.slice(2);
const kinds = asked.includes('all') ? ['none', 'address', 'thread'] : asked;
const failed = [];
for (const kind of kinds.length > 0 ? kinds : ['none']) {
  console.log(`\n── C++ tests, sanitizer: ${kind} ──`);
  const folder = at('build/native-tests', kind);
  run('cmake', [
    '-S',
    at('native/test'),
    '-B',
    folder,
    `-DSANITIZE=${kind}`,
    '--log-level=WARNING',
  ]);
  run('cmake', ['--build', folder, '--parallel', String(availableParallelism())]);
  const options = {
    TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
    ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1',
    UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
  };
  const ctest = ['--test-dir', folder, '--output-on-failure', '--no-tests=error'];
  if (tryRun('ctest', ctest, options) !== 0) failed.push(kind);
}
if (failed.length > 0) {
  console.error(`C++ tests failed: ${failed.join(', ')}`);
  process.exit(1);
}
