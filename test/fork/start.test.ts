// The start method `forkserver`: processes of the public API that are forked.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { native } from '#internal/native/binding';
import { Event, getAllStartMethods, getStartMethod, Lock, Process } from 'node-multiprocessing';

import { within } from '../helpers/watchdog.js';
import { program, servers } from './running.js';
import { holdFor, waitFor, whoAmI, type Who } from './targets.js';

const root = dirname(require.resolve('node-multiprocessing/package.json'));
const run = promisify(execFile);

async function forked<T, A extends readonly unknown[]>(
  target: (...args: A) => T | PromiseLike<T>,
  args: A,
): Promise<Process<T, A>> {
  const process = new Process({ target, args });
  await within('start', process.start());
  return process;
}

describe('start method forkserver', function () {
  this.timeout(30_000);

  before(function () {
    if (native.forkGate() !== '') this.skip();
  });

  it('is the default where it works', () => {
    assert.equal(getAllStartMethods()[0], 'forkserver');
    assert.equal(getStartMethod(), 'forkserver');
  });

  it('forks children of this process that have the program loaded', async () => {
    const child = await forked(whoAmI, []);
    const who: Who = await within('result', child.result());
    assert.deepEqual([who.pid, who.ppid], [child.pid, process.pid]);
    const again = await forked(whoAmI, []);
    const other: Who = await within('result', again.result());
    assert.notEqual(other.pid, who.pid);
    assert.notEqual(other.random, who.random);
  });

  it('starts a server anew when it was killed; running children go on', async () => {
    const event = new Event();
    const child = await forked(waitFor, [event]);
    const [server] = servers().filter((pid) => pid !== child.pid);
    assert.ok(server !== undefined);
    process.kill(server, 'SIGKILL');
    const next = await forked(whoAmI, []);
    assert.equal((await within('result', next.result())).pid, next.pid);
    event.set();
    await within('join', child.join());
    assert.equal(child.exitCode, 7);
  });

  it('gives each child an id of its own: what it holds is abandoned when it is killed', async () => {
    const lock = new Lock();
    const held = new Event();
    const child = await forked(holdFor, [lock, held]);
    await within('the child to hold', held.wait());
    assert.equal(lock.tryAcquire(), false);
    child.kill();
    await within('join', child.join());
    assert.equal(lock.tryAcquire(), true);
    assert.equal(lock.abandoned, true);
    lock.release();
  });

  it('forks programs whose modules go through loaders on a thread of their own', async () => {
    const { out, err } = await program('loader-main.mjs');
    assert.deepEqual([out, err.includes('MultiprocessingWarning')], ['true loaded', false]);
  });

  it('spawns where a preloaded module has a socket open, and says so once', async () => {
    const { out, err } = await program('socket-main.js');
    assert.equal(out, 'false false');
    const warnings = err.match(/MultiprocessingWarning.*/g) ?? [];
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /left a socket open/);
  });

  it('NODE_MULTIPROCESSING_START_METHOD=spawn leaves it alone', async () => {
    const file = join(__dirname, 'programs', 'method-main.js');
    const env = { ...process.env, NODE_MULTIPROCESSING_START_METHOD: 'spawn' };
    const { stdout } = await run(process.execPath, [file], { env, timeout: 20_000, cwd: root });
    assert.equal(stdout.trim(), 'spawn false');
  });
});
