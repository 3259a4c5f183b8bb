// Checks the tarball as a user gets it: publint and attw read it, and it is installed into an empty
// folder without scripts or a compiler, where both module systems load it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, toolEnvironment } from './tools.mjs';

const folder = mkdtempSync(join(tmpdir(), 'package-check-'));
const env = toolEnvironment({ npm_config_update_notifier: 'false' });
const call = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const same = `
  import * as esm from 'node-multiprocessing';
  import { createRequire } from 'node:module';
  const cjs = createRequire(import.meta.url)('node-multiprocessing');
  const names = Object.keys(cjs).filter((name) => name !== '__esModule');
  const differing = names.filter((name) => esm[name] !== cjs[name]);
  if (names.length === 0 || differing.length > 0) throw new Error('ESM differs: ' + differing);
  console.log(names.length + ' exports, the same objects in ESM and CommonJS');
`;

try {
  // prepack builds and prints; with --json its output would mix with npm's.
  call('npm', ['pack', '--loglevel=error', '--pack-destination', folder], at());
  const { name, version } = JSON.parse(call('npm', ['pkg', 'get', 'name', 'version'], at()));
  const tarball = join(folder, `${name}-${version}.tgz`);
  console.log(call('publint', ['run', tarball, '--strict']).trim());
  console.log(call('attw', [tarball, '--no-emoji', '--format', 'ascii']).trim());
  const user = join(folder, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{ "private": true }\n');
  call('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', tarball], user);
  writeFileSync(join(user, 'same.mjs'), same);
  console.log(call(process.execPath, ['same.mjs'], user).trim());
} catch (error) {
  console.error(error.stdout || error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
