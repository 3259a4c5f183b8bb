/** Processor time of a case and of all processes and threads that it has started. */
import { readdirSync, readFileSync } from 'node:fs';

/** What a file of /proc says; nothing of what has ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function groupOf(pid: string): string | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[2];
}

/** Processes of the case's own group: the runner starts each case in one. */
function groupPids(): string[] {
  const own = groupOf('self');
  return namesIn('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === own);
}

/** Of all their threads that live, in ns. */
export function groupCpuNs(): number {
  let sum = 0;
  for (const pid of groupPids()) {
    for (const thread of namesIn(`/proc/${pid}/task`)) {
      sum += Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
    }
  }
  return sum;
}
