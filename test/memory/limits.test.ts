// Processes under limits: no room is a typed error that can be survived, never a crash.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '../helpers/watchdog.js';

const program = join(__dirname, 'child-main.js');
const run = promisify(execFile);

/** Runs one of child-main's programs in a shell, after `setup`. */
async function inShell(
  setup: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const script = `${setup}; exec "$0" "$@"`;
  const options = {
    env: { ...process.env, ...env },
    timeout: 15_000,
    killSignal: 'SIGKILL' as const,
  };
  const { stdout } = await run('sh', ['-c', script, process.execPath, program, ...args], options);
  return JSON.parse(stdout) as unknown;
}

interface Exhausted {
  readonly blocks: number;
  readonly locks: number;
  readonly works: boolean;
  readonly reused: boolean;
  readonly after?: unknown;
  readonly byBlocks: { name: string; code: string; message: string; cause?: { errno: number } };
  readonly byLocks: Exhausted['byBlocks'];
}

function assertSurvived(result: Exhausted): void {
  for (const thrown of [result.byBlocks, result.byLocks]) {
    assert.equal(thrown.name, 'MultiprocessingError');
    assert.equal(thrown.code, 'ERR_MP_MEMORY_EXHAUSTED');
    assert.match(thrown.message, /shared memory is exhausted: no room for another \d+ bytes/);
  }
  assert.ok(result.blocks > 0, 'not even one block');
  assert.equal(result.works, true, 'objects made before the error do not work');
  assert.equal(result.after, undefined, 'memory that came back cannot be used');
  assert.equal(result.reused, true);
}

describe('a file size limit (ulimit -f)', () => {
  it('makes exhaustion a typed error, after which the process goes on', async () => {
    // Blocks of 512 bytes; the fixed parts of the segment end at some 17 MiB.
    const result = (await inShell('ulimit -f 40000', ['exhaust'])) as Exhausted;
    assertSurvived(result);
    assert.equal(result.byBlocks.cause?.errno, osConstants.errno.EFBIG);
  });

  it('under which not even the first object fits is a typed error too', async () => {
    await assert.rejects(inShell('ulimit -f 100', ['backend']), (error: unknown) => {
      const { stderr } = error as { stderr: string };
      assert.match(stderr, /code: 'ERR_MP_(SYSTEM_CALL|MEMORY_EXHAUSTED)'/);
      return true;
    });
  });
});

describe('an address space limit (ulimit -v)', () => {
  const free = { NODE_MULTIPROCESSING_BACKEND: undefined };

  it('too small for the window makes the plain back end serve', async () => {
    for (const kilobytes of [4_000_000, 2_000_000]) {
      const result = await inShell(`ulimit -v ${kilobytes}`, ['backend'], free);
      assert.deepEqual(result, { backend: 'plain', works: true });
    }
  });

  it('too small for the window is an error when wasm is demanded', async () => {
    const wasm = { NODE_MULTIPROCESSING_BACKEND: 'wasm' };
    await assert.rejects(inShell('ulimit -v 4000000', ['backend'], wasm), /memory/i);
  });

  it('exhausts to a typed error in the smaller mapping', async () => {
    const setup = 'ulimit -v 2000000; ulimit -f 60000';
    assertSurvived((await inShell(setup, ['exhaust'], free)) as Exhausted);
  });

  it('no limit serves wasm by itself, and what the variable says', async () => {
    assert.deepEqual(await inShell('true', ['backend'], free), { backend: 'wasm', works: true });
    for (const backend of ['wasm', 'plain']) {
      const env = { NODE_MULTIPROCESSING_BACKEND: backend };
      assert.deepEqual(await inShell('true', ['backend'], env), { backend, works: true });
    }
  });

  it('an unknown back end is a TypeError that names the choices', async () => {
    const env = { NODE_MULTIPROCESSING_BACKEND: 'fast' };
    await assert.rejects(inShell('true', ['backend'], env), /"fast"; it must be 'wasm' or 'plain'/);
  });
});

/** How to limit the memory of a new control group here. */
interface ControlGroups {
  readonly folder: string;
  readonly limitFile: string;
}

/** The first hierarchy in which this user may make a group with a memory limit. */
function controlGroups(): ControlGroups | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  const legacy = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(own)?.[1];
  const unified = /^0::(.*)$/m.exec(own)?.[1];
  const candidates: ControlGroups[] = [];
  if (legacy !== undefined) {
    for (const path of [legacy, '/']) {
      const folder = join('/sys/fs/cgroup/memory', path);
      candidates.push({ folder, limitFile: 'memory.limit_in_bytes' });
    }
  }
  if (unified !== undefined) {
    candidates.push({ folder: join('/sys/fs/cgroup', unified), limitFile: 'memory.max' });
  }
  return candidates.find(({ folder, limitFile }) => {
    const probe = join(folder, `node-multiprocessing-probe-${process.pid}`);
    try {
      mkdirSync(probe);
      accessSync(join(probe, limitFile), constants.W_OK);
      return true;
    } catch {
      return false;
    } finally {
      try {
        rmdirSync(probe);
      } catch {
        // It was never made.
      }
    }
  });
}

describe('a memory limit of the control group', () => {
  it('makes exhaustion a typed error instead of a kill', async function () {
    const groups = controlGroups();
    // Making a group takes rights that a test machine may not give.
    if (groups === undefined) this.skip();
    const folder = join(groups.folder, `node-multiprocessing-test-${process.pid}`);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, groups.limitFile), String(120 * 2 ** 20));
      const setup = `echo $$ > ${folder}/cgroup.procs`;
      assertSurvived((await inShell(setup, ['exhaust'])) as Exhausted);
    } finally {
      await until('the group empty', () => {
        try {
          rmdirSync(folder);
          return true;
        } catch {
          return false;
        }
      });
    }
  });
});
