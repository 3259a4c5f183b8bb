// Whether the process that calls it was forked from a forkserver.
import { readFileSync } from 'node:fs';

export function isForked(): boolean {
  return readFileSync('/proc/self/cmdline', 'utf8').includes('forkserver-main');
}
