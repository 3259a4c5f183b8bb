// NODE_MULTIPROCESSING_DEBUG=locks, by programs of real processes that get into trouble.
import * as mp from 'node-multiprocessing';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';

import { fencedBlocks, programsIn } from '../docs/fenced-blocks';
import { Program, type ProgramEnd, type RunningProgram } from '../helpers/program';
import { within } from '../helpers/watchdog';
import { useNames } from '../named/strangers';

const debug = { NODE_MULTIPROCESSING_DEBUG: 'locks,wait=30' };
const start = `const mp = require('node-multiprocessing');
const main = (run) => { if (mp.isMainProcess()) run(); };
`;

const programs: Program[] = [];

function write(text: string): Program {
  const program = new Program({ 'main.cjs': start + text });
  programs.push(program);
  return program;
}

async function run(text: string, env: NodeJS.ProcessEnv = debug): Promise<ProgramEnd> {
  return write(text).start(['main.cjs'], env).end(20_000);
}

/** The line of the program that has this in it. */
function lineOf(text: string, part: string): number {
  return (start + text).split('\n').findIndex((line) => line.includes(part)) + 1;
}

/** Resolves when the program has said that on its standard error. */
async function warned(running: RunningProgram, pattern: RegExp): Promise<void> {
  const said = new Promise<void>((resolve) => {
    const look = (): void => {
      if (pattern.test(running.stderr)) resolve();
      else setTimeout(look, 10);
    };
    look();
  });
  await within(`a warning ${pattern.source}; there was ${running.stderr}`, said, 20_000);
}

/** Two processes that take two locks in opposite order. */
const opposite = (acquire: (lock: string) => string): string => `
async function other(first, second, met) {
  ${acquire('second')} // child holds
  met.release();
  ${acquire('first')} // child waits
}
exports.other = other;
main(async () => {
  const first = new mp.Lock(); // made first
  const second = new mp.RLock();
  const met = new mp.Semaphore(0);
  ${acquire('first')} // main holds
  const child = new mp.Process({ target: other, args: [first, second, met], daemon: true });
  await child.start();
  await met.acquire();
  ${acquire('second')} // main waits
});`;

describe('the debug mode of locks', () => {
  afterEach(() => {
    for (const program of programs.splice(0)) program.remove();
  });

  for (const [form, acquire] of [
    ['acquireSync', (lock: string) => `${lock}.acquireSync();`],
    ['acquire', (lock: string) => `await ${lock}.acquire();`],
  ] as const) {
    it(`tells of two processes that wait for each other, by ${form}()`, async () => {
      const text = opposite(acquire);
      const program = write(text);
      const running = program.start(['main.cjs'], debug);
      await warned(running, /deadlock: 2 threads wait for each other(\n {2}.*){4}/);
      running.child.kill('SIGKILL');
      const { stderr } = await running.end(20_000);
      const at = (part: string): string => `main.cjs:${String(lineOf(text, part))}:`;
      for (const expected of [
        new RegExp(
          `process \\d+ \\(Process-1\\) has waited for \\d\\.\\d s for the Lock made at \\S+${at('made first')}\\d+, in ${form}\\(\\) at \\S+${at('child waits')}`,
        ),
        new RegExp(
          `it is held by process ${String(running.child.pid)} \\(MainProcess\\), for \\d\\.\\d s now, acquired at \\S+${at('main holds')}`,
        ),
        new RegExp(
          `process ${String(running.child.pid)} \\(MainProcess\\) has waited for .*RLock.* in ${form}\\(\\) at \\S+${at('main waits')}`,
        ),
        new RegExp(
          `it is held by process \\d+ \\(Process-1\\), .*acquired at \\S+${at('child holds')}`,
        ),
      ]) {
        assert.match(stderr, expected);
      }
      assert.equal(stderr.includes('another part of a thread'), form === 'acquire');
    });
  }

  it('tells each thread once', async () => {
    const { stderr } = await run(
      `
      exports.other = async (a, b, met) => {
        b.acquireSync();
        met.release();
        a.acquireSync({ timeout: 3000 });
      };
      main(async () => {
        const [a, b, met] = [new mp.Lock(), new mp.Lock(), new mp.Semaphore(0)];
        a.acquireSync();
        const child = new mp.Process({ target: exports.other, args: [a, b, met] });
        await child.start();
        await met.acquire();
        b.acquireSync({ timeout: 3000 });
      });`,
      { NODE_MULTIPROCESSING_DEBUG: 'locks,wait=1.5' },
    );
    const count = stderr.match(/deadlock: 2 threads/g)?.length;
    assert.ok(count === 1 || count === 2, stderr);
    assert.doesNotMatch(stderr, /a long wait: process \d+ .*\n.*\n.*a long wait: process/);
  });

  it('finds readers and writers that wait for each other', async () => {
    const { stderr } = await run(`
      exports.other = async (lock, rwlock, met) => {
        lock.acquireSync();
        met.release();
        rwlock.writer.acquireSync({ timeout: 2500 }); // child writes
      };
      main(async () => {
        const [lock, rwlock, met] = [new mp.Lock(), new mp.RWLock(), new mp.Semaphore(0)];
        rwlock.reader.acquireSync();
        const child = new mp.Process({ target: exports.other, args: [lock, rwlock, met] });
        await child.start();
        await met.acquire();
        lock.acquireSync({ timeout: 2500 });
      });`);
    assert.match(stderr, /deadlock: 2 threads wait for each other/);
    assert.match(stderr, /for the writer of the RWLock made at/);
    assert.match(stderr, /held by process \d+ \(MainProcess\) to read/);
  });

  it('finds those that hold and want the last units of semaphores', async () => {
    const { stderr } = await run(`
      exports.other = async (a, b, met) => {
        b.acquireSync();
        met.release();
        a.runExclusiveSync(() => {}, { timeout: 2500 });
      };
      main(async () => {
        const [a, b, met] = [new mp.Semaphore(1), new mp.Semaphore(1), new mp.Semaphore(0)];
        const held = await a.guard();
        const child = new mp.Process({ target: exports.other, args: [a, b, met] });
        await child.start();
        await met.acquire();
        await b.acquire({ timeout: 2500 });
        held.release();
        await child.join();
      });`);
    assert.match(stderr, /deadlock: 2 threads wait for each other/);
    assert.match(stderr, /1 of its units are held by process \d+ \(Process-1\)/);
    assert.match(stderr, /a thread that has no unit of the semaphore/);
  });

  it('takes no semaphore that carries signals for a deadlock', async () => {
    const { stderr, stdout } = await run(`
      exports.other = async (ping, pong) => {
        for (let i = 0; i < 3; i++) { ping.acquireSync(); pong.release(); }
        ping.acquireSync();
        await new Promise((resolve) => setTimeout(resolve, 1800));
        pong.release();
      };
      main(async () => {
        const [ping, pong] = [new mp.Semaphore(0), new mp.Semaphore(1)];
        const child = new mp.Process({ target: exports.other, args: [ping, pong] });
        await child.start();
        for (let i = 0; i < 5; i++) { pong.acquireSync(); if (i < 4) ping.release(); }
        console.log('done');
      });`);
    assert.equal(stdout, 'done\n');
    assert.equal(stderr, '');
  });

  it('finds threads of one process', async () => {
    const { stderr } = await run(`
      const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');
      if (isMainThread) {
        const [a, b, met] = [new mp.Lock(), new mp.Lock(), new mp.Semaphore(0)];
        a.acquireSync();
        new Worker(__filename, { workerData: [a, b, met].map((lock) => mp.share(lock)) });
        met.acquireSync();
        b.acquireSync({ timeout: 2500 });
      } else {
        const [a, b, met] = workerData.map((handle) => mp.attach(handle));
        b.acquireSync();
        met.release();
        a.acquireSync({ timeout: 2500 });
      }`);
    assert.match(stderr, /deadlock: 2 threads wait for each other/);
    assert.match(stderr, /process \d+ \(MainProcess, worker thread 1\) has waited/);
  });

  const newName = useNames();
  it('finds processes that share nothing but names', async () => {
    const [a, b] = [newName(), newName()];
    const text = `
      const [first, second, isFirst] = process.argv.slice(2);
      const [one, two] = [first, second].map((name) => mp.Lock.open(name, { create: true }));
      one.acquireSync();
      console.log('holds');
      process.stdin.once('data', () => two.acquireSync({ timeout: 2500 }));`;
    const program = write(text);
    const parties = [
      program.start(['main.cjs', a, b], debug),
      program.start(['main.cjs', b, a], debug),
    ];
    for (const party of parties) await party.printed('holds');
    for (const party of parties) party.child.stdin!.end('go\\n');
    const ends = await Promise.all(parties.map((party) => party.end(20_000)));
    const said = ends.map(({ stderr }) => stderr).join('');
    assert.match(said, /deadlock: 2 threads wait for each other/);
    assert.match(said, new RegExp(`for Lock "${a}", in acquireSync`));
    assert.match(said, new RegExp(`for Lock "${b}", in acquireSync`));
  });

  it('tells of a wait that lasts, once, and who holds what it is for', async () => {
    const text = `
      exports.other = (lock, met, stay) => { lock.runExclusiveSync(() => { // child holds
        met.release(); stay.acquireSync({ timeout: 1500 }); }); };
      main(async () => {
        const [lock, met, stay] = [new mp.Lock(), new mp.Semaphore(0), new mp.Semaphore(0)];
        const child = new mp.Process({ target: exports.other, args: [lock, met, stay] });
        await child.start();
        await met.acquire();
        await lock.runExclusive(() => console.log('at last')); // main waits
      });`;
    const env = { NODE_MULTIPROCESSING_DEBUG: 'locks,wait=0.4' };
    const { stderr, stdout } = await run(text, env);
    assert.equal(stdout, 'at last\n');
    const waits = stderr.match(/a long wait: process \d+ \(MainProcess\) has waited/g) ?? [];
    assert.equal(waits.length, 1, stderr);
    assert.match(stderr, new RegExp(`main.cjs:${String(lineOf(text, 'main waits'))}:`));
    assert.match(
      stderr,
      new RegExp(
        `held by process \\d+ \\(Process-1\\).*main.cjs:${String(lineOf(text, 'child holds'))}:`,
      ),
    );
    assert.doesNotMatch(stderr, /deadlock/);
  });

  for (const method of ['spawn', 'forkserver']) {
    it(`tells that a lock of a module is another one in each child (${method})`, async () => {
      const text = `
        mp.setStartMethod('${method}', { force: true });
        const lock = new mp.Lock(); // made
        exports.other = () => { for (let i = 0; i < 2; i++) lock.runExclusiveSync(() => {}); }; // used
        main(async () => {
          lock.runExclusiveSync(() => {});
          const child = new mp.Process({ target: exports.other });
          await child.start();
        });`;
      const { stderr } = await run(text);
      assert.equal(stderr.match(/another one in each process/g)?.length, 1, stderr);
      assert.match(
        stderr,
        new RegExp(
          `made at the top level of a module, at \\S+main.cjs:${String(lineOf(text, '// made'))}:`,
        ),
      );
      assert.match(
        stderr,
        new RegExp(`Lock that is used at \\S+main.cjs:${String(lineOf(text, '// used'))}:`),
      );
    });
  }

  it('changes nothing for locks that are used rightly', async () => {
    const { stderr, stdout } = await run(`
      main(async () => {
        const rlock = new mp.RLock();
        await rlock.runExclusive(async () => {
          await rlock.runExclusive(() => {});
          { const held = await rlock.guard(); held.release(); held.release(); }
          try { rlock.acquireSync(); } catch (error) { console.log(error.code); }
        });
        console.log(rlock.locked());
        const lock = new mp.Lock();
        lock.acquireSync();
        try { lock.acquireSync(); } catch (error) { console.log(error.code); }
        console.log(lock.acquireSync({ timeout: 20 }), lock.tryAcquire());
        lock.release();
        try { lock.release(); } catch (error) { console.log(error.code); }
        const rw = new mp.RWLock();
        rw.reader.acquireSync();
        try { rw.writer.acquireSync(); } catch (error) { console.log(error.code); }
        const condition = new mp.Condition(lock);
        await condition.runExclusive(() => condition.wait({ timeout: 5 }));
        console.log(lock.locked());
      });`);
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trim().split('\n'), [
      'ERR_MP_DEADLOCK',
      'false',
      'ERR_MP_DEADLOCK',
      'false false',
      'ERR_MP_OVER_RELEASE',
      'ERR_MP_DEADLOCK',
      'false',
    ]);
  });

  it('tells of the program in docs/debugging.md what is said there', async () => {
    const [bank] = programsIn('docs/debugging.md');
    const program = new Program({ 'bank.mjs': bank!.code });
    programs.push(program);
    const { stderr, stdout } = await program.start(['bank.mjs'], debug).end(20_000);
    assert.equal(stdout, 'gave up\n');
    const said = fencedBlocks('docs/debugging.md').find(({ code }) => code.includes('deadlock:'))!;
    const places = (text: string): Set<string> => new Set(text.match(/bank\.mjs:\d+:\d+/g));
    assert.deepEqual([...places(stderr)].sort(), [...places(said.code)].sort());
  });

  it('refuses what it does not know', async () => {
    const { code, stderr } = await run('', { NODE_MULTIPROCESSING_DEBUG: 'lock' });
    assert.equal(code, 1);
    assert.match(stderr, /NODE_MULTIPROCESSING_DEBUG does not know "lock"/);
  });

  it('is not even loaded when it is off', () => {
    const loaded = Object.keys(require.cache).filter((file) => /dist.debug./.test(file));
    assert.deepEqual(
      loaded.map((file) => file.split(/[\\/]/).at(-1)),
      ['install.js'],
    );
    assert.ok(new mp.Lock().tryAcquire());
  });

  it('tells ps since when a lock is held, where, and how many wait', async () => {
    const text = `
      main(async () => {
        const [lock, semaphore, rwlock] = [new mp.Lock(), new mp.Semaphore(1), new mp.RWLock()];
        for (const one of [lock, semaphore, rwlock.reader, rwlock.writer]) {
          await one.acquire();
          one.release();
          await one.runExclusive(() => {});
          if (one.tryAcquire()) one.release();
          one.runExclusiveSync(() => {});
        }
        lock.acquireSync(); // held
        for (let i = 0; i < 3; i++) void lock.acquire().then(() => lock.release());
        console.log('held');
        process.stdin.once('data', () => lock.release());
      });`;
    const running = write(text).start(['main.cjs'], debug);
    await running.printed('held');
    const root = dirname(require.resolve('node-multiprocessing/package.json'));
    const ps = (...args: string[]): string =>
      execFileSync(process.execPath, [join(root, 'dist/cli/cli-main.js'), 'ps', ...args], {
        encoding: 'utf8',
      });
    const line = ps()
      .split('\n')
      .find((one) => one.includes(` ${String(running.child.pid)} `));
    assert.match(
      line!,
      new RegExp(
        ` held +${String(running.child.pid)} +3 +\\d+ s +\\S+main.cjs:${String(lineOf(text, '// held'))}:`,
      ),
    );
    const rows = JSON.parse(ps('--json')) as {
      memory: string;
      owner?: string;
      holders: { since: string }[];
    }[];
    const row = rows.find(({ owner }) => owner === String(running.child.pid));
    const others = rows.filter(({ memory }) => memory === row!.memory);
    assert.equal(others.length, 3);
    assert.equal(others.flatMap(({ holders }) => holders).length, 1);
    assert.ok(Math.abs(Date.now() - Date.parse(row!.holders[0]!.since)) < 60_000);
    running.child.stdin!.end('end\\n');
    await running.end();
  });
});
