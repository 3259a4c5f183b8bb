/**
 * `npm run bench -- lock|pool|queue|start|sync|value [--runs N] [--json FILE] [--quick]`: measures this library
 * beside its peers and prints tables. A missed target is a result and ends with 0; a subject that could not
 * be run ends with 1. Progress goes to stderr, so that stdout can be kept.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sectionAsJson } from './harness/json.js';
import { describeLoad, describeMachine } from './harness/machine.js';
import { runSection, type RunOptions } from './harness/rounds.js';
import type { Suite } from './harness/suite.js';
import { renderSection } from './harness/table.js';
import { findToolchain } from './harness/toolchain.js';
import { lockSuite } from './suites/lock.js';
import { poolSuite } from './suites/pool.js';
import { queueSuite } from './suites/queue.js';
import { startSuite } from './suites/start.js';
import { syncSuite } from './suites/sync.js';
import { valueSuite } from './suites/value.js';

const suites: ReadonlyMap<string, Suite> = new Map([
  ['lock', lockSuite],
  ['pool', poolSuite],
  ['queue', queueSuite],
  ['start', startSuite],
  ['sync', syncSuite],
  ['value', valueSuite],
]);

interface Arguments extends RunOptions {
  readonly suites: readonly Suite[];
  readonly jsonFile: string | undefined;
}

function usage(problem: string): never {
  const names = [...suites.keys()].join('|');
  process.stderr.write(
    `${problem}\nusage: npm run bench -- ${names} [--runs N] [--json FILE] [--quick] [--only TEXT]\n`,
  );
  process.exit(2);
}

function parseArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      // For work on one section: those whose title contains the text.
      only: { type: 'string', default: '' },
    },
  });
  if (positionals.length === 0) usage('which suite?');
  const chosen = positionals.map((name) => suites.get(name) ?? usage(`unknown suite: ${name}`));
  const runs = Number(values.runs ?? (values.quick ? 3 : 7));
  if (!Number.isInteger(runs) || runs < 1) usage(`--runs takes a number, not ${values.runs ?? ''}`);
  return {
    suites: chosen.map((suite) => suite.filter(({ title }) => title.includes(values.only))),
    runs,
    measuredMs: values.quick ? 100 : 300,
    jsonFile: values.json,
  };
}

async function main(): Promise<void> {
  // Until the end is reached: an event loop that runs dry half-way must not look like success.
  process.exitCode = 1;
  let failed = false;
  const { suites: chosen, jsonFile, ...options } = parseArguments();
  const toolchain = findToolchain();
  const machine = describeMachine(toolchain);
  const load = describeLoad();
  if (load !== undefined) process.stderr.write(`${load}\n`);
  process.stdout.write(
    `${machine}; medians of ${options.runs} interleaved runs of ≥ ${options.measuredMs} ms\n\n`,
  );
  const sections: unknown[] = [];
  for (const section of chosen.flat()) {
    const outcomes = await runSection(section, toolchain, options);
    process.stdout.write(`${renderSection(section, outcomes)}\n`);
    sections.push(sectionAsJson(section, outcomes));
    failed ||= [...outcomes.values()].some(({ kind }) => kind === 'failed');
  }
  if (jsonFile !== undefined) {
    writeFileSync(jsonFile, `${JSON.stringify({ machine, ...options, sections }, null, 2)}\n`);
  }
  process.exitCode = failed ? 1 : 0;
}

void main();
