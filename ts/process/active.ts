// The processes that this thread has started and whose end it has not seen.
import { onForked } from '../memory/forked.js';

interface Started {
  isAlive(): boolean;
}

const started = new Set<Started>();

onForked(() => {
  started.clear();
});

export function addActive(process: Started): void {
  started.add(process);
}

export function removeActive(process: Started): void {
  started.delete(process);
}

/** Those that run; notices those that have ended. */
export function listActive(): readonly unknown[] {
  return [...started].filter((process) => process.isAlive());
}
