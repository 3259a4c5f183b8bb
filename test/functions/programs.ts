// Runs the fixture programs: one process makes references, a second one resolves and calls them.
import { execFile, type ExecFileException } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { FunctionReference } from '#internal/functions/reference';

const root = dirname(require.resolve('node-multiprocessing/package.json'));
const fixtures = join(root, 'test/functions/fixtures');

export interface Case {
  readonly reference?: FunctionReference;
  readonly code?: string;
  readonly error?: string;
}

export interface Report {
  readonly main?: { url: string; format: string; runsInChildren: boolean };
  readonly cases: Record<string, Case>;
}

export interface ProgramOptions {
  /** Options of Node, before the file. */
  readonly options?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
}

/** The path of a fixture. */
export const fixture = (name: string): string => join(fixtures, name);

/** Runs `node ...options ...args` and gives what it wrote to stdout; fails when it fails or hangs. */
export function runNode(args: readonly string[], program: ProgramOptions = {}): Promise<string> {
  const { options = [], environment = {}, input = '', cwd = fixtures } = program;
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [...options, ...args],
      { cwd, env: { ...process.env, ...environment }, timeout: 60_000, maxBuffer: 1 << 24 },
      (error: ExecFileException | null, stdout, stderr) => {
        if (error) reject(new Error(`${args.join(' ')}: ${error.message}\n${stderr}`));
        else resolve(stdout);
      },
    );
    child.stdin?.end(input);
  });
}

/** What the fixture says about its functions. */
export async function reportOf(name: string, program: ProgramOptions = {}): Promise<Report> {
  return JSON.parse(await runNode([fixture(name)], program)) as Report;
}

/** Results of the functions of a report, called with 3 in another process. */
export async function callElsewhere(
  report: Report,
  program: ProgramOptions = {},
): Promise<Record<string, unknown>> {
  const output = await runNode([fixture('resolver.cjs')], {
    ...program,
    environment: { ...program.environment, MP_FIXTURE_ROLE: 'child' },
    input: JSON.stringify(report),
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

/** Both halves; the labels that were refused have their error instead of a result. */
export async function roundTrip(
  name: string,
  program: ProgramOptions = {},
): Promise<{ report: Report; results: Record<string, unknown> }> {
  const report = await reportOf(name, program);
  return { report, results: await callElsewhere(report, program) };
}
