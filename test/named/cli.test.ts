// The command: `clean` and `ps`.
import * as mp from 'node-multiprocessing';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Program } from '../helpers/program';
import { within } from '../helpers/watchdog';
import { fileOf, useNames, useStrangers } from './strangers';

interface Row {
  readonly memory: string;
  readonly kind: string;
  readonly state: string;
  readonly owner?: string;
  readonly waiters?: string;
}

const manifest = require.resolve('node-multiprocessing/package.json');
const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
const command = join(dirname(manifest), bin['node-multiprocessing']!);

async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args]);
  return stdout;
}

async function rowsOf(memory: string): Promise<Row[]> {
  const rows = JSON.parse(await run('ps', '--json', '--all')) as Row[];
  return rows.filter((row) => row.memory === memory);
}

describe('node-multiprocessing clean', () => {
  const newName = useNames();
  const start = useStrangers();

  it('removes what nobody uses, and leaves what somebody does', async () => {
    const [used, ended, killed] = [newName(), newName(), newName()];
    const [user, ender, victim] = [start(), start(), start()];
    const options = { create: true };
    await user.ask({ ask: 'open', name: used, options });
    await ender.ask({ ask: 'open', name: ended, options });
    await victim.ask({ ask: 'open', name: killed, options });
    await ender.end();
    await victim.kill();
    assert.match(await run('clean', '--dry-run'), new RegExp(`unused  "${ended}"`));
    assert.ok(existsSync(fileOf(ended)));
    const said = await run('clean');
    assert.match(said, new RegExp(`removed "${killed}"`));
    assert.match(said, new RegExp(`in use  "${used}"`));
    assert.deepEqual(
      [used, ended, killed].map((name) => existsSync(fileOf(name))),
      [true, false, false],
    );
    assert.deepEqual(await user.ask({ ask: 'acquire', name: used }), { value: true });
  });

  it('leaves alone what it cannot read', async () => {
    const name = newName();
    writeFileSync(fileOf(name), 'something else');
    assert.match(await run('clean'), new RegExp(`unknown "${name}"`));
    assert.ok(existsSync(fileOf(name)));
  });
});

describe('node-multiprocessing ps', () => {
  const newName = useNames();
  const start = useStrangers();

  it('shows who holds a lock, and that somebody waits for it', async () => {
    const name = newName();
    const lock = mp.Lock.open(name, { create: true });
    assert.deepEqual(
      (await rowsOf(name)).map(({ kind, state }) => ({ kind, state })),
      [{ kind: 'Lock', state: 'free' }],
    );
    const owner = start();
    await owner.ask({ ask: 'open', name });
    await owner.ask({ ask: 'acquire', name });
    const wait = lock.acquire();
    const [row] = await rowsOf(name);
    assert.equal(row?.state, 'held');
    assert.equal(row.owner, String(owner.child.pid));
    assert.equal(row.waiters, 'yes');
    assert.match(
      await run('ps'),
      new RegExp(`${name} +Lock +0x\\w+ +held +${owner.child.pid!} +yes`),
    );
    await owner.kill();
    await wait;
    assert.equal((await rowsOf(name))[0]?.state, 'held, was abandoned');
    lock.release();
  });

  it('shows every kind', async () => {
    const [barrier, semaphore, event, value, condition] = Array.from({ length: 5 }, newName);
    mp.Barrier.open(barrier!, { create: true, parties: 3 });
    mp.BoundedSemaphore.open(semaphore!, { create: true, value: 2 }).acquireSync();
    mp.Event.open(event!, { create: true }).set();
    mp.Value.open(value!, { create: true, type: 'd' });
    mp.Condition.open(condition!, { create: true });
    const rows = (JSON.parse(await run('ps', '--json', '--all')) as Row[]).map(
      ({ memory, kind, state }) => `${memory} ${kind} ${state}`,
    );
    for (const expected of [
      `${barrier!} Barrier 3 parties`,
      `${semaphore!} BoundedSemaphore 1 of 2 free`,
      `${event!} Event set`,
      `${value!} Value 8 bytes`,
      `${value!} RLock free`,
      `${condition!} Condition `,
      `${condition!} RLock free`,
    ]) {
      assert.ok(rows.includes(expected), `${expected} is not among ${rows.join('\n')}`);
    }
  });

  it('calls a robust semaphore what it is', async () => {
    const name = newName();
    const semaphore = mp.Semaphore.open(name, { create: true, value: 3, robust: true });
    semaphore.acquireSync();
    const [row] = await rowsOf(name);
    assert.deepEqual([row?.kind, row?.state], ['Semaphore', '2 of 3 free, robust']);
    semaphore.release();
  });

  it('counts who waits for a condition, in any process', async () => {
    const name = newName();
    const condition = mp.Condition.open(name, { create: true });
    const waits = [1, 2].map(() => condition.runExclusive(() => condition.wait()));
    const waiters = async () =>
      (await rowsOf(name)).find(({ kind }) => kind === 'Condition')?.waiters;
    await condition.runExclusive(() => undefined);
    assert.equal(await waiters(), '2');
    await condition.runExclusive(() => {
      condition.notify();
    });
    assert.equal(await within('one of them', Promise.race(waits)), true);
    assert.equal(await waiters(), '1');
    await condition.runExclusive(() => {
      condition.notifyAll();
    });
    assert.deepEqual(await within('both', Promise.all(waits)), [true, true]);
    assert.equal(await waiters(), '0');
  });

  it('shows the objects of trees of processes', async () => {
    const program = new Program({
      'main.cjs': `const { Lock } = require('node-multiprocessing');
        const lock = new Lock();
        lock.acquireSync();
        console.log('held');
        process.stdin.once('data', () => process.exit());`,
    });
    try {
      const running = program.start(['main.cjs']);
      await running.printed('held');
      const rows = JSON.parse(await run('ps', '--json')) as Row[];
      const mine = rows.filter(({ owner }) => owner === String(running.child.pid));
      assert.deepEqual(
        mine.map(({ kind, state }) => [kind, state]),
        [['Lock', 'held']],
      );
      assert.match(mine[0]!.memory, /^tree [0-9a-f]{8}$/);
      running.child.stdin!.write('end\n');
      await running.end();
    } finally {
      program.remove();
    }
  });

  it('answers a wrong command with the usage', async () => {
    for (const args of [[], ['sweep'], ['ps', '--for'], ['clean', 'now']]) {
      await assert.rejects(run(...args), (error) => {
        const { code, stderr } = error as { code?: number; stderr?: string };
        return code === 2 && (stderr ?? '').includes('usage: node-multiprocessing');
      });
    }
    assert.match(await run('--help'), /usage: node-multiprocessing/);
  });
});
