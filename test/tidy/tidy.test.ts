// The rules of the house that no linter knows: layers and platform headers of native/, sizes,
// opening comments, a lock file without hosts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = dirname(require.resolve('node-multiprocessing/package.json'));

function filesBelow(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Folder of native/ → folders whose headers it may include; its own always. */
const mayInclude: Record<string, string[]> = {
  layout: [],
  os: ['layout'],
  fork: ['layout', 'os'],
  sync: ['layout', 'os'],
  napi: ['layout', 'os', 'fork', 'sync'],
  test: ['layout', 'os', 'fork', 'sync', 'support', 'kill', 'ring_kill'],
};

interface LineRule {
  readonly pattern: RegExp;
  /** Where such a line may be. */
  readonly allowedIn: RegExp;
  readonly message: string;
}

const lineRules: LineRule[] = [
  {
    pattern: /^#include "\.\.?\//,
    allowedIn: /^$/,
    message: 'an include starts with its layer, not with a dot',
  },
  {
    pattern: /^#include <(napi|node|js_native|v8)/,
    allowedIn: /^native\/napi\//,
    message: 'only napi/ knows Node',
  },
  {
    pattern: /^#include <uv/,
    allowedIn: /^native\/(napi\/|fork\/event_loop)/,
    message: 'only napi/, and fork/ for what a fork does to it, know libuv',
  },
  {
    pattern: /^#include <windows\.h>/i,
    allowedIn: /\/win32\//,
    message: 'windows.h outside win32/',
  },
  {
    pattern:
      /^#include <(pthread|unistd|sched|signal|poll|fcntl|semaphore|spawn|dlfcn|sys\/\w+|linux\/\w+)\.h>/,
    allowedIn: /^native\/(os\/(posix|linux|darwin)|fork|test)\//,
    message: 'POSIX header outside os/posix/, os/linux/, os/darwin/, fork/',
  },
  {
    pattern: /^#\s*(if|elif|ifdef|ifndef)\b.*(_WIN32|__linux__|__APPLE__|__unix__|__GLIBC__)/,
    allowedIn: /^native\/(os|fork)\//,
    message: 'platform condition outside os/, fork/',
  },
  { pattern: /^.{101}/, allowedIn: /^$/, message: 'longer than 100 columns' },
];

function lineProblems(path: string, line: string): string[] {
  const layer = path.split('/')[1] ?? '';
  const found = lineRules
    .filter(({ pattern, allowedIn }) => pattern.test(line) && !allowedIn.test(path))
    .map(({ message }) => message);
  const included = /^#include "(\w+)\//.exec(line)?.[1];
  if (included !== undefined && included !== layer && !mayInclude[layer]?.includes(included)) {
    found.push(`${layer}/ may not include ${included}/`);
  }
  return found;
}

function nativeProblems(path: string, text: string): string[] {
  const lines = text.split('\n');
  const found = lines.flatMap((line, i) =>
    lineProblems(path, line).map((problem) => `${path}:${i + 1}: ${problem}`),
  );
  if (lines.length > 400) found.push(`${path}: more than 400 lines`);
  if (!text.startsWith('// ')) found.push(`${path}: opens with a comment that says what it is`);
  if (path.endsWith('.h') && !/^#pragma once$/m.test(text)) {
    found.push(`${path}: has no #pragma once`);
  }
  const isTable = text.includes('OFFSET') && text.includes('static_assert(offsetof');
  if (path.startsWith('native/layout/') && !isTable) {
    found.push(`${path}: layout needs an offset table and offsetof asserts`);
  }
  return found;
}

function scriptProblems(path: string, text: string): string[] {
  const found: string[] = [];
  if (text.split('\n').length > 400) found.push(`${path}: more than 400 lines`);
  if (!/^(#!.*\n)?(\/\/ |\/\*\*)/.test(text)) {
    found.push(`${path}: opens with a comment that says what it is`);
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config|\.d)?\.\w+$/.test(path.split('/').at(-1) ?? '')) {
    found.push(`${path}: file names are kebab-case`);
  }
  return found;
}

describe('tidy', () => {
  it('every native file keeps the layer, platform and size rules', () => {
    const files = filesBelow('native', /\.(cc|h)$/);
    assert.deepEqual(
      files.flatMap((path) => nativeProblems(path, read(path))),
      [],
    );
  });

  it('every script file keeps the size, name and comment rules', () => {
    const folders = ['ts', 'test', 'bench', 'examples', 'scripts'];
    const files = folders.flatMap((folder) => filesBelow(folder, /\.(ts|mts|mjs|cjs)$/));
    assert.deepEqual(
      files.flatMap((path) => scriptProblems(path, read(path))),
      [],
    );
  });

  it('the lock file names no registry', () => {
    assert.equal(/"resolved"|https?:\/\/[^"]*\.tgz/.exec(read('package-lock.json')), null);
  });

  it('reports a violation when there is one', () => {
    const text = '// A.\n#include <napi.h>\n#include <windows.h>\n#include "napi/y.h"\n';
    assert.equal(nativeProblems('native/sync/x.cc', text).length, 3);
    assert.equal(nativeProblems('native/sync/x.h', '#include <pthread.h>\n').length, 3);
    assert.equal(scriptProblems('ts/Some_File.ts', 'export {};\n').length, 2);
  });
});
