// Programs whose forkserver goes through TypeScript, or cannot be forked; and what its socket is.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { native } from '#internal/native/binding';
import { Process } from 'node-multiprocessing';

import { within } from '../helpers/watchdog.js';
import { program, servers } from './running.js';
import { whoAmI } from './targets.js';

const root = dirname(require.resolve('node-multiprocessing/package.json'));

/** What /proc/net/unix says of the sockets of a process. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${String(pid)}/fd`;
  const inodes = readdirSync(folder).flatMap((descriptor) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, descriptor))) ?? [];
    return inode ?? [];
  });
  const all = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return all.filter((line) => inodes.includes(line.trim().split(/\s+/)[6] ?? ''));
}

describe('a forkserver', function () {
  this.timeout(40_000);

  before(function () {
    if (native.forkGate() !== '') this.skip();
  });

  it('has no socket that anybody could connect to', async () => {
    const child = new Process({ target: whoAmI });
    await within('start', child.start());
    await within('join', child.join());
    const [server] = servers();
    const sockets = socketsOf(server!);
    assert.ok(sockets.length > 0);
    for (const line of sockets) {
      const [, , , flags, type, , , ...name] = line.trim().split(/\s+/);
      assert.deepEqual([flags, name], ['00000000', []], `${type!}: ${line}`);
    }
  });

  it('loads programs in TypeScript through tsx', async () => {
    const file = join(root, 'test/fork/programs/method-main.ts');
    const { out, err } = await program(file, '--import', 'tsx');
    assert.deepEqual([out, err], ['forkserver true', '']);
  });

  it('is given up, with one warning, when the program never ends to load', async () => {
    const { out, err } = await program('await-main.mjs');
    assert.equal(out, 'false false');
    const warnings = err.match(/MultiprocessingWarning.*/g) ?? [];
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /it ended while it loaded the program/);
  });
});
