// The programs of examples/ print what their last lines say.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { readText, root } from './fenced-blocks';

const execute = promisify(execFile);
const watchdogMs = 30_000;

function expectedOutput(source: string): string {
  const comment = source.split('\n// Prints:\n')[1];
  assert.ok(comment !== undefined, 'the file ends with a comment that says what it prints');
  return comment.replaceAll(/^\/\/ /gm, '');
}

describe('examples', () => {
  const names = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));

  for (const name of names) {
    it(`${name} prints what it says`, async () => {
      const file = join(root, 'build/dev/examples', name.replace(/ts$/, 'js'));
      const limits = { timeout: watchdogMs, killSignal: 'SIGKILL' } as const;
      const { stdout } = await execute(process.execPath, [file], limits);
      assert.equal(stdout, expectedOutput(readText(`examples/${name}`)));
    }).timeout(watchdogMs);
  }

  it('the tour finds all its results right, and prints no colours into a pipe', async () => {
    const file = join(root, 'build/dev/examples/tour/main.js');
    const limits = { timeout: 2 * watchdogMs, killSignal: 'SIGKILL' } as const;
    const { stdout } = await execute(process.execPath, [file], limits);
    assert.match(stdout, /under the lock: 500,000/);
    assert.match(stdout, /All \d+ results are right/);
    assert.ok(!stdout.includes('\u001b'));
  }).timeout(2 * watchdogMs);
});
