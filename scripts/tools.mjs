// What the scripts share: paths, running a command, Node's headers, installing what is missing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A path inside the repository. */
export const at = (...parts) => join(root, ...parts);

/** The environment in which this Node and the tools of node_modules are found first. */
export function toolEnvironment(extra = {}) {
  const path = [dirname(process.execPath), at('node_modules', '.bin'), process.env.PATH];
  return { ...process.env, PATH: path.join(delimiter), ...extra };
}

/** Runs a command in the root with this terminal; exits with its status when it fails. */
export function run(command, args, env = {}) {
  const code = tryRun(command, args, env);
  if (code !== 0) process.exit(code);
}

/** Runs a command in the root with this terminal and returns its exit status. */
export function tryRun(command, args, env = {}) {
  const options = { cwd: root, stdio: 'inherit', env: toolEnvironment(env) };
  const result = spawnSync(command, args, options);
  if (result.error) {
    console.error(`${command}: ${result.error.message}`);
    return 127;
  }
  return result.status ?? 128 + constants.signals[result.signal];
}

/**
 * Runs a Node program that takes over the terminal; ends as it ends. Ctrl-C reaches both, and the
 * program decides: this process only waits for it.
 */
export function becomeNode(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}

/** Installs the dependencies when node_modules is missing or older than the lock file. */
export function installIfNeeded() {
  const installed = at('node_modules', '.package-lock.json');
  const time = (path) => statSync(path).mtimeMs;
  if (existsSync(installed) && time(installed) >= time(at('package-lock.json'))) return;
  console.error('installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
}

/**
 * Where this Node's own headers are (`<here>/include/node`), if it came with them: the addon then
 * builds without a download. Undefined when node-gyp has to fetch them.
 */
export function headersPrefix() {
  if (process.env.npm_config_nodedir) return process.env.npm_config_nodedir;
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

/** True when the file was started by `node`, not imported. */
export const isMain = (url) => process.argv[1] === fileURLToPath(url);
