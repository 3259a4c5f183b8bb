// `ps`: the shared objects of this user that processes use now.
import { rowsOf, type ObjectRow } from './describe.js';
import { findSegments } from './segments.js';
import { table } from './table.js';

/** What `ps` shows, and how. */
export interface PsOptions {
  readonly all: boolean;
  readonly json: boolean;
}

const watchMs = 1000;
const clearScreen = '\u001b[2J\u001b[H';

/** What is there at this moment. */
export function listObjects({ all, json }: PsOptions): string {
  const rows = findSegments().flatMap((segment) => rowsOf(segment, all));
  if (json) return `${JSON.stringify(rows)}\n`;
  if (rows.length === 0) return 'no shared objects\n';
  const head = ['MEMORY', 'KIND', 'ADDRESS', 'STATE', 'OWNER', 'WAITERS'];
  return table([head, ...rows.map((row) => cellsOf(row))]);
}

function cellsOf({ memory, kind, address, state, owner, waiters }: ObjectRow): string[] {
  const place = `0x${address.toString(16)}`;
  return [memory, kind, place, state || '-', owner ?? '-', waiters ?? '-'];
}

/** Shows the list again and again, until the process is told to end. */
export function watchObjects(options: PsOptions, print: (text: string) => void): void {
  const isTerminal = process.stdout.isTTY && !options.json;
  const show = (): void => {
    print((isTerminal ? clearScreen : '') + listObjects(options));
  };
  show();
  setInterval(show, watchMs);
}
