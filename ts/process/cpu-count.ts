// How many processors this process may use.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * The number of processors that this process may use: those of its affinity (`taskset`), and no more
 * than its control group's quota pays for (containers). At least 1. Unlike CPython's `cpu_count()`,
 * which counts those of the machine.
 *
 * @public
 */
export function cpuCount(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota())));
}

/** Processors that the control group pays for; Infinity without a limit. */
function quota(): number {
  const groups = read('/proc/self/cgroup').split('\n');
  const limits = groups.flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (line.startsWith('0::')) return ancestors(path).map((folder) => quotaOfVersion2(folder));
    if (!controllers.split(',').includes('cpu')) return [];
    return ancestors(path).map((folder) => quotaOfVersion1(folder));
  });
  return Math.min(Infinity, ...limits);
}

/** A group and those that it is in: each may have a limit. In a container only the last is seen. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return [...parts.map((part, i) => `/${[...parts.slice(0, i), part].join('/')}`), ''];
}

function quotaOfVersion2(folder: string): number {
  const [max, period] = read(`/sys/fs/cgroup${folder}/cpu.max`).split(/\s+/);
  return ratio(max, period);
}

function quotaOfVersion1(folder: string): number {
  const base = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'].map((root) => root + folder);
  const limits = base.map((path) =>
    ratio(read(`${path}/cpu.cfs_quota_us`), read(`${path}/cpu.cfs_period_us`)),
  );
  return Math.min(...limits);
}

function ratio(quotaUs: string | undefined, periodUs: string | undefined): number {
  const processors = Number(quotaUs) / Number(periodUs);
  return processors > 0 ? processors : Infinity;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // no such group, or not to be seen from here
  }
}
