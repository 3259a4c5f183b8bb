// `ps`: the shared objects of this user that processes use now.
import { findSegments } from '../debug/segments.js';
import { Situation } from '../debug/situation.js';
import { rowsOf, type HolderRow, type ObjectRow } from './describe.js';
import { table } from './table.js';

/** What `ps` shows, and how. */
export interface PsOptions {
  readonly all: boolean;
  readonly json: boolean;
}

const watchMs = 1000;
const clearScreen = '\u001b[2J\u001b[H';
const head = ['MEMORY', 'KIND', 'ADDRESS', 'STATE', 'OWNER', 'WAITERS', 'SINCE', 'WHERE'];

/** What is there at this moment. */
export function listObjects({ all, json }: PsOptions): string {
  const segments = findSegments();
  const situation = new Situation(segments);
  const rows = segments.flatMap((segment) => rowsOf(segment, situation, all));
  if (json) return `${JSON.stringify(rows)}\n`;
  if (rows.length === 0) return 'no shared objects\n';
  return table(
    head,
    rows.flatMap((row) => linesOf(row)),
  );
}

/** One line, and one more for each further holder. */
function linesOf({ memory, kind, address, state, owner, waiters, holders }: ObjectRow): string[][] {
  const place = `0x${address.toString(16)}`;
  const [first, ...others] = holders;
  const known = owner ?? (first === undefined ? '-' : nameOf(first));
  return [
    [memory, kind, place, state || '-', known, waiters ?? '-', ...whenAndWhere(first)],
    ...others.map((holder) => ['', '', '', '', nameOf(holder), '', ...whenAndWhere(holder)]),
  ];
}

function nameOf({ pid, thread }: HolderRow): string {
  return thread === 0 ? String(pid) : `${String(pid)} worker ${String(thread)}`;
}

function whenAndWhere(holder: HolderRow | undefined): [string, string] {
  if (holder === undefined) return ['-', '-'];
  return [agoOf(Date.now() - Date.parse(holder.since)), holder.site];
}

function agoOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours > 0) return `${String(hours)} h ${String(minutes % 60)} min`;
  return minutes > 0 ? `${String(minutes)} min ${String(seconds % 60)} s` : `${String(seconds)} s`;
}

/** Shows the list again and again, until the process is interrupted. */
export function watchObjects(options: PsOptions, print: (text: string) => void): void {
  const isTerminal = process.stdout.isTTY && !options.json;
  const show = (): void => {
    print((isTerminal ? clearScreen : '') + listObjects(options));
  };
  show();
  const timer = setInterval(show, watchMs);
  // As expected of it, this is an end like any other.
  process.once('SIGINT', () => {
    clearInterval(timer);
  });
}
