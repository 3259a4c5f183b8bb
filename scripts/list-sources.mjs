// Prints the addon's C++ sources, one per line, so that binding.gyp and CMake never list them by hand.
// Usage: node scripts/list-sources.mjs [folder of native/ …]   (default: all that the addon needs)
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Folders of native/os that hold this platform's implementations; a later one has only what differs. */
const platformFolders = {
  linux: ['posix', 'linux'],
  darwin: ['posix', 'darwin'],
  win32: ['win32'],
};

const os = (platformFolders[process.platform] ?? ['posix']).map((name) => `os/${name}`);
const wanted = process.argv.slice(2).flatMap((name) => (name === 'os' ? os : [name]));
const folders = wanted.length > 0 ? wanted : [...os, 'fork', 'sync', 'napi'];

for (const folder of folders) {
  const path = join(root, 'native', folder);
  if (!existsSync(path)) continue;
  const names = readdirSync(path, { recursive: true }).filter((name) => name.endsWith('.cc'));
  for (const name of names.sort()) {
    console.log(relative(root, join(path, name)).replaceAll('\\', '/'));
  }
}
