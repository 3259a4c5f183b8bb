// All modules of the package in one file, which scripts/bundle.mjs makes of the compiled ones: a
// fresh process or thread loads that in half the time, most of which goes into finding and reading
// files. A module that comes from there is in `require.cache` as if its own file had been loaded, so
// each exists once, whoever requires it. Programs that load the package themselves load the files:
// test runners and bundlers have loaders of their own.
import { existsSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join, posix } from 'node:path';

/** A module's code, as Node would call it: exports, require, module, __filename, __dirname. */
type Part = (...scope: readonly unknown[]) => void;

interface Bundle {
  /** By their paths below `dist`. */
  readonly parts: Readonly<Record<string, Part>>;
}

/** `dist`. */
const root = dirname(__dirname);
const file = join(__dirname, 'bundle-parts.js');
/** Who measures coverage wants to see the files. */
const isUsed = process.env.NODE_V8_COVERAGE === undefined && existsSync(file);
// eslint-disable-next-line @typescript-eslint/no-require-imports -- there is no source of it
const { parts } = isUsed ? (require(file) as Bundle) : { parts: {} as Bundle['parts'] };

/** The modules of this thread by file: those of `require.cache` everywhere. */
const loaded = require.cache;

/** The exports of a module of the package, by its path below `dist`. */
export function bundled(path: string): unknown {
  const filename = join(root, path);
  const known = loaded[filename];
  if (known !== undefined) return known.exports;
  const part = parts[path];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- which one, the caller says
  return part === undefined ? require(filename) : run(part, path, filename);
}

function run(part: Part, path: string, filename: string): unknown {
  const made = new Module(filename);
  made.filename = filename;
  made.paths = module.paths;
  loaded[filename] = made;
  const folder = posix.dirname(path);
  const requireFrom = (id: string): unknown =>
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- which one, the part says
    id.startsWith('.') ? bundled(posix.join(folder, id)) : require(id);
  try {
    part.call(made.exports, made.exports, requireFrom, made, filename, dirname(filename));
  } catch (error) {
    Reflect.deleteProperty(loaded, filename);
    throw error;
  }
  made.loaded = true;
  return made.exports;
}
