// The file of a listening Unix socket, which has to be removed when nobody listens any more.
import { rmdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

import { onForked } from '../memory/forked.js';

const bound = new Set<BoundPath>();
let isRegistered = false;

onForked(() => {
  bound.clear();
  isRegistered = false;
});

function removeAllAtExit(): void {
  if (isRegistered) return;
  isRegistered = true;
  process.on('exit', () => {
    for (const path of bound) path.remove();
  });
}

export class BoundPath {
  readonly #path: string;
  readonly #ownsFolder: boolean;
  readonly #pid = process.pid;

  /** @param ownsFolder - whether the folder was made for this file */
  constructor(path: string, ownsFolder: boolean) {
    this.#path = path;
    this.#ownsFolder = ownsFolder;
    bound.add(this);
    removeAllAtExit();
  }

  /** Removes the file, once, and only in the process that made it. */
  remove(): void {
    if (!bound.delete(this) || this.#pid !== process.pid) return;
    try {
      unlinkSync(this.#path);
      if (this.#ownsFolder) rmdirSync(dirname(this.#path));
    } catch {
      // Somebody has removed it already.
    }
  }
}
