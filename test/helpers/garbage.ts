// Garbage collection on demand, without a flag for the whole run.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '#internal/native/binding';

import { turns } from './watchdog.js';

let collector: (() => void) | undefined;

function open(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * Collects what is unreachable and lets the finalizers run; also what killed parties of earlier
 * tests have left in shared memory.
 */
export async function collectGarbage(): Promise<void> {
  collector ??= open();
  for (let i = 0; i < 3; i++) {
    collector();
    await turns();
  }
  native.sweep();
}
