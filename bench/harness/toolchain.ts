/** Where the peers come from: a C++ compiler for peers/*.cc and the best CPython around. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root, seen from build/dev/bench/harness. */
export const root = join(__dirname, '..', '..', '..', '..');
export const peersFolder = join(root, 'bench', 'peers');

export interface Tool {
  readonly path: string;
  readonly version: string;
}

export interface Toolchain {
  /** The compiled peers, or why there are none. */
  readonly c: Tool | string;
  readonly python: Tool | string;
}

/** The program's output, or undefined when it is missing or fails. */
function outputOf(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

function isStale(target: string, sources: readonly string[]): boolean {
  if (!existsSync(target)) return true;
  const builtMs = statSync(target).mtimeMs;
  return sources.some((source) => statSync(source).mtimeMs > builtMs);
}

/** Builds `build/bench/peer` when a source is newer. A peer that does not compile is an error. */
function compilePeers(): Tool | string {
  const compiler = process.env.CXX ?? 'c++';
  const version = outputOf(compiler, ['-dumpfullversion']) ?? outputOf(compiler, ['-dumpversion']);
  if (version === undefined) return `no C++ compiler (${compiler})`;
  const folder = join(root, 'build', 'bench');
  const target = join(folder, 'peer');
  const sources = readdirSync(peersFolder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .map((name) => join(peersFolder, name));
  if (isStale(target, sources)) {
    mkdirSync(folder, { recursive: true });
    const units = sources.filter((source) => source.endsWith('.cc'));
    const flags = ['-O2', '-std=c++17', '-pthread', '-Wall', '-Wextra'];
    execFileSync(compiler, [...flags, ...units, '-o', target], { stdio: 'inherit' });
  }
  return { path: target, version: `${compiler} ${version.trim()}` };
}

/** Interpreters by preference: the one asked for, 3.13 of pyenv, 3.13 or any other on the path. */
function pythonCandidates(): string[] {
  const asked = process.env.BENCH_PYTHON;
  if (asked !== undefined) return [asked];
  const pyenv = outputOf('pyenv', ['root'])?.trim();
  const versions = pyenv === undefined ? '' : join(pyenv, 'versions');
  const installed = existsSync(versions) ? readdirSync(versions) : [];
  const wanted = installed
    .filter((name) => /^3\.13\.\d+$/.test(name))
    .sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)))
    .map((name) => join(versions, name, 'bin', 'python3'));
  return [...wanted, 'python3.13', 'python3'];
}

function findPython(): Tool | string {
  // multiprocessing.synchronize cannot be imported where the platform has no named semaphores.
  const probe = 'import platform, multiprocessing.synchronize; print(platform.python_version())';
  for (const path of pythonCandidates()) {
    const version = outputOf(path, ['-c', probe]);
    if (version !== undefined) return { path, version: `CPython ${version.trim()}` };
  }
  return 'no CPython with multiprocessing';
}

export function findToolchain(): Toolchain {
  return { c: compilePeers(), python: findPython() };
}
