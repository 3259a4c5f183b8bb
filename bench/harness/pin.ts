// Parties of a fight on CPUs of their own. Left to itself the scheduler sometimes runs both in turn
// on one CPU for seconds, and then there is nothing to fight about.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as mp from 'node-multiprocessing';

/** CPUs that this process may use, such as 0 and 1. */
function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return (list ?? '0').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/**
 * Keeps this process's main thread on the party's own CPU, if there are as many. Only that thread:
 * the process's affinity, which the library reads at its first wait to decide about spinning, must
 * have been read before.
 */
export function pinParty(party: number): void {
  const cpu = allowedCpus()[party];
  if (cpu === undefined) return;
  execFileSync('taskset', ['-pc', String(cpu), String(process.pid)], { stdio: 'ignore' });
}

/** For cases that are measured with both parties on CPUs of their own, and also without. */
export const pinVariable = 'BENCH_TWO_CPUS';

/** As {@link pinParty}, where the suite wants it. */
export function pinIfAsked(party: number): void {
  if (process.env[pinVariable] === undefined) return;
  // The library's first wait.
  new mp.Semaphore(0).acquireSync({ timeout: 1 });
  pinParty(party);
}
