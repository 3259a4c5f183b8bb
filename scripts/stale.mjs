// Decides whether a build step is stale: a fingerprint of its inputs (path, size, time of change)
// is kept in build/stamps and compared before the step runs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from './tools.mjs';

/** All files below the given files and folders (relative to the root) whose name passes. */
export function filesBelow(paths, passes = () => true) {
  const found = [];
  for (const path of paths) {
    if (!existsSync(at(path))) continue;
    if (statSync(at(path)).isFile()) {
      found.push(path);
      continue;
    }
    for (const entry of readdirSync(at(path), { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) found.push(...filesBelow([inside], passes));
      else if (passes(entry.name)) found.push(inside);
    }
  }
  return found.sort();
}

/** The state of a step's inputs now, against the state when it last succeeded. */
export class Stamp {
  #path;
  #now;
  #before;

  constructor(name, files) {
    this.#path = at('build/stamps', `${name}.json`);
    const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
    for (const file of files) {
      const { size, mtimeMs } = statSync(at(file));
      hash.update(`\n${file} ${size} ${mtimeMs}`);
    }
    this.#now = { digest: hash.digest('hex'), files };
    this.#before = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : null;
  }

  /** True unless the inputs are as they were and every output is there. */
  isStale(outputs) {
    return this.#before?.digest !== this.#now.digest || !outputs.every((o) => existsSync(at(o)));
  }

  /** True when an input of the last run is gone, so that its outputs would stay behind. */
  hasLostFiles() {
    const now = new Set(this.#now.files);
    return this.#before?.files.some((file) => !now.has(file)) ?? false;
  }

  /** Remembers that the step succeeded on the inputs as they were when this object was made. */
  save() {
    mkdirSync(at('build/stamps'), { recursive: true });
    writeFileSync(this.#path, JSON.stringify(this.#now));
  }
}
