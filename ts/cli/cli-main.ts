#!/usr/bin/env node
// The command `node-multiprocessing`: `clean` and `ps`. Described in docs/named.md.
import { parseArgs } from 'node:util';

import { clean } from './clean.js';
import { listObjects, watchObjects } from './ps.js';

const usage = `usage: node-multiprocessing <command>

  clean [--dry-run]               removes the names of shared objects that no process uses
  ps [--all] [--json] [--watch]   lists the shared objects that processes use now

  --dry-run  says what would be removed
  --all      Values and Arrays too
  --json     for programs
  --watch    every second, until interrupted
`;

function print(text: string): void {
  process.stdout.write(text);
}

function run(): number {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean', default: false },
      // eslint-disable-next-line @typescript-eslint/naming-convention -- as users type it
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      watch: { type: 'boolean', default: false },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help) print(usage);
  else if (command === 'clean' && rest.length === 0) print(clean({ dryRun: values['dry-run'] }));
  else if (command === 'ps' && rest.length === 0) ps(values);
  else return refuse('');
  return 0;
}

function ps({ all, json, watch }: { all: boolean; json: boolean; watch: boolean }): void {
  if (watch) watchObjects({ all, json }, print);
  else print(listObjects({ all, json }));
}

function refuse(message: string): number {
  process.stderr.write(`${message}${usage}`);
  return 2;
}

// A reader that has seen enough, as `head` has, is no error.
process.stdout.on('error', () => process.exit(0));

try {
  process.exitCode = run();
} catch (error) {
  // What parseArgs does not know; nothing else here throws one.
  if (!(error instanceof TypeError)) throw error;
  process.exitCode = refuse(`${error.message}\n`);
}
