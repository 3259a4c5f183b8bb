// The programs of examples/tutorials print what their last lines say.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { readText, root } from '../docs/fenced-blocks';
import { RunningProgram } from '../helpers/program';
import { expectedIn, mismatch } from './expected-output';

const folder = 'examples/tutorials';
/** Programs start up to thirteen processes, on a machine that may be busy. */
const watchdogMs = 40_000;

async function linesOf(name: string): Promise<string[]> {
  const file = join(root, 'build/dev', folder, name.replace(/ts$/, 'js'));
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [file], { stdio: [...stdio] });
  const { code, stdout, stderr } = await new RunningProgram(child).end(watchdogMs);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout.split('\n').slice(0, -1);
}

/** The names that begin the lines, without repetitions of one after itself. */
const runsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => line.split(' ')[0]!).filter((name, i, names) => name !== names[i - 1]);

/** What is more than the lines themselves; by the number of the program. */
const further: Record<string, (lines: readonly string[]) => void> = {
  '26': (lines) => {
    assert.equal(runsOf(lines).length, 3, 'each process prints its lines in one go');
  },
  '40': (lines) => {
    const pids = new Set(runsOf(lines.slice(0, 10)));
    assert.ok(pids.size <= 3, 'by three workers');
  },
  '41': (lines) => {
    const pids = new Set(lines.slice(0, 10).map((line) => line.split(' ')[0]));
    assert.ok(pids.size <= 3, 'by three workers');
  },
  '45': (lines) => {
    const pids = new Set(lines.flatMap((line) => /^<进程(\d+)>/u.exec(line)?.[1] ?? []));
    assert.ok(pids.size >= 1 && pids.size <= 3, 'by three workers');
  },
  '49': (lines) => {
    const events = lines.flatMap((line) => {
      const found = /^(Run task|Task) (\d) \((\d+)\)/.exec(line);
      return found === null ? [] : [{ begins: found[1] === 'Run task', pid: found[3] }];
    });
    const busy = new Set<string | undefined>();
    for (const { begins, pid } of events) {
      assert.equal(busy.has(pid), !begins, 'a worker runs one task at a time');
      if (begins) busy.add(pid);
      else busy.delete(pid);
    }
    assert.ok(new Set(events.map(({ pid }) => pid)).size <= 4, 'by four workers');
  },
  '60': (lines) => {
    const exits = lines.filter((line) => line.startsWith('Exiting'));
    assert.deepEqual(exits, ['Exiting Thread-1', 'Exiting Thread-2', 'Exiting Main Thread']);
  },
  '63': (lines) => {
    const numbers = lines.flatMap((line) => /item number (\d+)/.exec(line)?.[1] ?? []);
    for (let i = 0; i < numbers.length; i += 2) assert.equal(numbers[i], numbers[i + 1]);
    const values = lines.flatMap((line) => /^semaphore: (\d)/.exec(line)?.[1] ?? []);
    assert.ok(values.every((value) => value === '0' || value === '1'));
  },
};

describe('tutorial programs', () => {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts'));

  for (const name of names) {
    it(`${name} prints what it says`, async () => {
      const lines = await linesOf(name);
      const expected = expectedIn(readText(join(folder, name)));
      assert.equal(mismatch(lines, expected), undefined, lines.join('\n'));
      further[name.slice(0, 2)]?.(lines);
    }).timeout(watchdogMs);
  }
});
