// What runs: forkservers of this process, and programs of the folder programs.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Ids of the forkservers of this process. */
export function servers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const isServer = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('forkserver-main');
        const parent = / \w (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        // All threads of the server stand still; those of its children, which look alike, do not.
        return isServer && parent === String(process.pid) && !status.includes('zombie');
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** What a program prints, and what it warns of. */
export async function program(
  name: string,
  ...options: string[]
): Promise<{ out: string; err: string }> {
  const file = resolve(__dirname, 'programs', name);
  const { stdout, stderr } = await run(process.execPath, [...options, file], { timeout: 20_000 });
  return { out: stdout.trim(), err: stderr };
}
