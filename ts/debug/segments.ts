// All shared memory of this user that can be found from outside: files with names, and the memory of
// each tree, which its processes have open without a name.
import { readdirSync, readlinkSync, statSync } from 'node:fs';

import { native } from '../native/binding.js';
import type { SeenSegment } from '../native/seen.js';

/** A segment and what to call it. */
export interface FoundSegment extends SeenSegment {
  readonly memory: string;
  /** The name that its object has; undefined for the memory of a tree. */
  readonly name?: string;
}

/** Segments that somebody uses: those with names first. */
export function findSegments(): FoundSegment[] {
  return [...namedSegments(), ...trees()];
}

function namedSegments(): FoundSegment[] {
  const found: FoundSegment[] = [];
  for (const name of native.namedList().sort()) {
    const segment = native.inspect(name);
    if (segment !== undefined) found.push({ ...segment, memory: name, name });
  }
  return found;
}

const treeFile = /^\/memfd:node-multiprocessing\b/;

function trees(): FoundSegment[] {
  const found = new Map<string, FoundSegment>();
  const looked = new Set<string>();
  for (const [pid, descriptor, file] of memoryFiles()) {
    // Each process of a tree has the same one open.
    if (looked.has(file)) continue;
    looked.add(file);
    const segment = native.inspect(pid, descriptor);
    if (segment === undefined) continue;
    found.set(segment.id, { ...segment, memory: `tree ${segment.id.slice(0, 8)}` });
  }
  return [...found.values()];
}

/** [pid, descriptor, which file] of whatever may be a tree's memory. */
function* memoryFiles(): Generator<[number, number, string]> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    for (const descriptor of entriesOf(folder)) {
      const path = `${folder}/${descriptor}`;
      const file = fileBehind(path);
      if (file !== undefined) yield [Number(pid), Number(descriptor), file];
    }
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Another user's process, or one that has just ended.
    return [];
  }
}

function fileBehind(path: string): string | undefined {
  try {
    if (!treeFile.test(readlinkSync(path))) return undefined;
    const { dev, ino } = statSync(path);
    return `${String(dev)}:${String(ino)}`;
  } catch {
    return undefined;
  }
}
