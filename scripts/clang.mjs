// clang-format and clang-tidy over native/. `--fix` formats instead of checking; `--format` or
// `--tidy` runs one of the two. Both tools are used in the version that the configuration is for.
import { execFile, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { filesBelow } from './stale.mjs';
import { at, headersPrefix, root, tryRun } from './tools.mjs';

const major = '19';
const options = new Set(process.argv.slice(2));
const execute = promisify(execFile);

const isSource = (name) => /\.(cc|h)$/.test(name);
const sources = filesBelow(['native', 'bench'], isSource);
const failures = [];
/** A finding in a header comes with each file that includes it, but is told once. */
const findings = new Set();

if (!options.has('--tidy')) format();
if (!options.has('--format') && !options.has('--fix')) await tidy();
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}

/** The tool's name with its version, or without where that is the right version already. */
function tool(name) {
  for (const candidate of [`${name}-${major}`, name]) {
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (stdout?.includes(`version ${major}.`)) return candidate;
  }
  console.error(`${name} ${major} is not installed (Debian: apt-get install ${name}-${major})`);
  process.exit(1);
}

function format() {
  if (sources.length === 0) return;
  const mode = options.has('--fix') ? ['-i'] : ['--dry-run', '-Werror'];
  if (tryRun(tool('clang-format'), [...mode, ...sources]) !== 0) {
    failures.push('clang-format: run `npm run format`');
  }
}

/** Several files at a time; the tests are left out, for their macros fail half of the checks. */
async function tidy() {
  const command = tool('clang-tidy');
  const queue = sources.filter((f) => /^native\/(os|fork|sync|napi)\/.*\.cc$/.test(f) && isOurs(f));
  const total = queue.length;
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await tidyFile(command, file);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  console.log(`clang-tidy: ${total} files`);
  if (findings.size > 0) failures.push(...findings);
}

/** Other platforms' sources cannot be parsed here. */
function isOurs(file) {
  const others = { linux: ['win32', 'darwin'], darwin: ['win32', 'linux'] }[process.platform] ?? [];
  return !others.some((name) => file.startsWith(`native/os/${name}/`));
}

async function tidyFile(command, file) {
  try {
    await execute(command, ['--quiet', file, '--', ...flags()], { cwd: root });
  } catch (error) {
    for (const finding of (error.stdout || error.stderr).split(/^(?=\S+:\d+:\d+: error)/m)) {
      findings.add(finding.trimEnd());
    }
  }
}

function flags() {
  const require = createRequire(at('package.json'));
  const system = [require('node-addon-api').include_dir, `${nodeHeaders()}/include/node`];
  return [
    '-x',
    'c++',
    '-std=c++17',
    '-Wall',
    '-Wextra',
    `-I${at('native')}`,
    '-DNAPI_VERSION=8',
    '-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL',
    '-DNAPI_CPP_EXCEPTIONS',
    ...system.flatMap((folder) => ['-isystem', resolve(root, folder)]),
  ];
}

/** Beside the Node binary, or where node-gyp has put what it downloaded. */
function nodeHeaders() {
  const prefix = headersPrefix();
  if (prefix) return prefix;
  const cache = process.env.XDG_CACHE_HOME ?? `${process.env.HOME}/.cache`;
  return `${cache}/node-gyp/${process.versions.node}`;
}
