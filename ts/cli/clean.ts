// `clean`: removes the names that no living process uses.
import { native } from '../native/binding.js';

/** Removes them, or with `dryRun` says which it would; a line for each name. */
export function clean({ dryRun }: { dryRun: boolean }): string {
  const lines = native
    .namedList()
    .sort()
    .map((name) => (dryRun ? judge(name) : sweep(name)));
  return lines
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('');
}

function sweep(name: string): string | undefined {
  const result = native.namedSweep(name);
  return result === 'gone' ? undefined : `${words[result]} ${JSON.stringify(name)}`;
}

function judge(name: string): string {
  const segment = native.inspect(name);
  if (segment === undefined) return `${words.unknown} ${JSON.stringify(name)}`;
  const verdict = segment.users.length > 0 ? words.used : 'unused ';
  return `${verdict} ${JSON.stringify(name)}`;
}

const words = { removed: 'removed', used: 'in use ', unknown: 'unknown' };
