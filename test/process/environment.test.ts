// Group B of CPython's behaviours: what happens at the ends of processes, to their standard streams,
// their options and their main module. Each is a program of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Program, runProgram } from '../helpers/program';
import { until } from '../helpers/watchdog';
import { itSends } from './running';

/** A main module in CommonJS; `parent` runs in the main process only. */
const main = (functions: string, parent: string): string => `
const mp = require('node-multiprocessing');
const { setTimeout: sleep } = require('node:timers/promises');
${functions}
if (mp.isMainProcess()) (async () => { ${parent} })();
`;

const memoryModule = require.resolve('#internal/memory/memory');

const slow = `
async function slow(text) { await sleep(150); console.log(text); }
async function wait(text) { console.log(text); setInterval(() => {}, 1000); await new Promise(() => {}); }
module.exports = { slow, wait };
`;

async function run(functions: string, parent: string, ...options: string[]) {
  return runProgram({ 'main.cjs': main(functions, parent) }, [...options, 'main.cjs']);
}

const isRunning = (pid: number): boolean => existsSync(`/proc/${String(pid)}/cwd`);

describe('the ends of processes', () => {
  const start = (options: string) =>
    `await new mp.Process({ target: slow, args: ['child done']${options} }).start();`;

  it('a program waits for its children at its natural end', async () => {
    const { stdout, code } = await run(slow, `${start('')} console.log('main done');`);
    assert.equal(stdout, 'main done\nchild done\n');
    assert.equal(code, 0);
  });

  it('process.exit() waits for the children, and keeps its code', async () => {
    const { stdout, code } = await run(slow, `${start('')} process.exit(5);`);
    assert.equal(stdout, 'child done\n');
    assert.equal(code, 5);
  });

  it('an uncaught error waits for the children', async () => {
    const { stdout, stderr, code } = await run(
      slow,
      `${start('')} throw new Error('main failed');`,
    );
    assert.equal(stdout, 'child done\n');
    assert.match(stderr, /main failed/);
    assert.equal(code, 1);
  });

  it('daemons are terminated at the end, and do not keep the program', async () => {
    const parent = `
      const child = new mp.Process({ target: wait, args: ['waiting'], daemon: true });
      await child.start();
      console.log('pid', child.pid);
    `;
    const { stdout, code } = await run(slow, parent);
    assert.equal(code, 0);
    const pid = Number(/pid (\d+)/.exec(stdout)?.[1]);
    assert.equal(isRunning(pid), false);
  });

  it('a daemon that takes no notice of SIGTERM is killed', async () => {
    const functions = `${slow}
      module.exports.deaf = async (lock) => {
        process.on('SIGTERM', () => {});
        lock.release();
        setInterval(() => {}, 1000);
        await new Promise(() => {});
      };`;
    const parent = `
      const running = new mp.Semaphore(0);
      const child = new mp.Process({ target: module.exports.deaf, args: [running], daemon: true });
      await child.start();
      await running.acquire();
      console.log('pid', child.pid);
    `;
    const { stdout, code } = await run(functions, parent);
    assert.equal(code, 0);
    assert.equal(isRunning(Number(/pid (\d+)/.exec(stdout)?.[1])), false);
  });

  for (const loop of ['setInterval(() => {}, 1000); await new Promise(() => {});', 'for (;;);']) {
    it(`children end when their parent is killed: ${loop}`, async () => {
      const functions = `module.exports.child = async () => { console.log('pid', process.pid); ${loop} };`;
      const program = new Program({
        'main.cjs': main(
          functions,
          `for (const daemon of [true, false])
             await new mp.Process({ target: module.exports.child, daemon }).start();
           await sleep(60_000);`,
        ),
      });
      const running = program.start(['main.cjs']);
      const pids = () => [...running.stdout.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
      await until('both run', () => pids().length === 2);
      running.child.kill('SIGKILL');
      await until('both have ended', () => !pids().some(isRunning), 2_000);
      await running.end();
      program.remove();
    });
  }

  it('Ctrl-C ends a tree of processes', async () => {
    const functions = `module.exports.child = async (depth) => {
      if (depth > 0) await new mp.Process({ target: module.exports.child, args: [depth - 1] }).start();
      console.log('pid', process.pid);
      setInterval(() => {}, 1000);
      await new Promise(() => {});
    };`;
    const program = new Program({
      'main.cjs': main(
        functions,
        `await new mp.Process({ target: module.exports.child, args: [2] }).start();`,
      ),
    });
    // A process group of its own, as a shell gives to a job, so that all of it can be signalled.
    const group = program.start([
      '-e',
      `require('child_process').spawn(process.execPath, ['main.cjs'], { stdio: 'inherit', detached: true }).on('spawn', function () { console.log('group', this.pid); })`,
    ]);
    const pids = () => [...group.stdout.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
    await until('all run', () => pids().length === 3);
    process.kill(-Number(/group (\d+)/.exec(group.stdout)?.[1]), 'SIGINT');
    const { stderr } = await group.end();
    await until('all have ended', () => !pids().some(isRunning));
    assert.equal(stderr, '');
    program.remove();
  });

  it('exit handlers of a child run', async () => {
    const functions = `module.exports.child = () => { process.on('exit', (code) => console.log('exit', code)); };`;
    const parent = `await new mp.Process({ target: module.exports.child }).start();`;
    assert.equal((await run(functions, parent)).stdout, 'exit 0\n');
  });

  it('an uncaught error of a child is printed with its name and stack; exit code 1', async () => {
    const functions = `module.exports.child = function broken() { throw new Error('in the child'); };`;
    const parent = `
      const child = new mp.Process({ target: module.exports.child, name: 'worker-7' });
      await child.start();
      await child.join();
      console.log(child.exitCode);
    `;
    const { stdout, stderr, code } = await run(functions, parent);
    assert.equal(stdout, '1\n');
    assert.match(stderr, /^Process worker-7:\nError: in the child\n {4}at .*broken/);
    assert.equal(code, 0);
  });

  it('children start while the output of the parent is closed', async () => {
    const functions = `module.exports.child = (value) => { value.value = 1; console.log('unseen'); };`;
    const parent = `
      require('fs').closeSync(1);
      const value = new mp.Value('i', 0);
      const child = new mp.Process({ target: module.exports.child, args: [value] });
      await child.start();
      await child.join();
      console.error(child.exitCode, value.value);
    `;
    const { stdout, stderr } = await run(functions, parent);
    assert.equal(stdout, '');
    assert.equal(stderr, '0 1\n');
  });

  itSends(
    'options of node are those of the parent, but for debuggers and evaluated code',
    async () => {
      const functions = `module.exports.child = () => console.log(process.execArgv.join(), typeof gc);`;
      const parent = `await new mp.Process({ target: module.exports.child }).start();`;
      const { stdout } = await run(functions, parent, '--expose-gc', '--inspect=0');
      assert.equal(stdout, '--expose-gc function\n');
    },
  );
});

describe('the main module of a child', () => {
  const noGuard = `
    import * as mp from 'node-multiprocessing';
    export function f() {}
    const child = new mp.Process({ target: f });
    await child.start();
    await child.join();
    console.log('exit code', child.exitCode);
  `;

  itSends('without a guard is an error that explains it, never a fork bomb', async () => {
    const { stdout, stderr, code } = await runProgram({ 'main.mjs': noGuard }, ['main.mjs']);
    assert.equal(stdout, 'exit code 1\n');
    assert.match(stderr, /still importing the main module.*if \(isMainProcess\(\)\)/s);
    assert.equal(stderr.match(/Process Process-1:/g)?.length, 1);
    assert.equal(code, 0);
  });

  itSends(
    'that throws in the child: stack on stderr, exit code 1, and result() rejects',
    async () => {
      const text = `
      import * as mp from 'node-multiprocessing';
      export function f() {}
      if (mp.isMainProcess()) {
        const child = new mp.Process({ target: f });
        await child.start();
        await child.result().catch((error) => console.log('rejected:', error.message));
        await child.join();
        console.log(child.exitCode);
      } else {
        throw new Error('import failed');
      }
    `;
      const { stdout, stderr } = await runProgram({ 'main.mjs': text }, ['main.mjs']);
      assert.equal(stdout, 'rejected: import failed\n1\n');
      assert.match(stderr, /Process Process-1:\nError: import failed\n/);
    },
  );

  const parent = `
    const child = new mp.Process({ target: greet, args: ['hello'] });
    await child.start();
    console.log(await child.result());
  `;
  const esm = `import * as mp from 'node-multiprocessing';
    export async function greet(text) { return text + ' from ' + mp.currentProcess().name; }
    if (mp.isMainProcess()) { ${parent} }`;
  const cjs = main(
    `exports.greet = greet; function greet(text) { return text + ' from ' + mp.currentProcess().name; }`,
    parent,
  );
  const ts = `import * as mp from 'node-multiprocessing';
    export async function greet(text: string): Promise<string> { return text + ' from ' + mp.currentProcess().name; }
    async function main(): Promise<void> { ${parent} }
    if (mp.isMainProcess()) void main();`;
  const tsx = require.resolve('tsx');
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const forms: [string, Record<string, string>, string[]][] = [
    ['an ES module', { 'main.mjs': esm }, ['main.mjs']],
    ['CommonJS', { 'main.cjs': cjs }, ['main.cjs']],
    ['a script without a suffix', { main: cjs }, ['main']],
    ['named without its suffix', { 'main.js': cjs }, ['main']],
    ['a directory', { 'app/index.js': cjs }, ['app']],
    [
      'a module of a package',
      { 'package.json': '{"type":"module"}', 'src/main.js': esm },
      ['src/main.js'],
    ],
    ['TypeScript under tsx', { 'main.ts': ts }, ['--import', tsx, 'main.ts']],
    ['TypeScript as an ES module under tsx', { 'main.mts': ts }, ['--import', tsx, 'main.mts']],
    ...(major > 22 || (major === 22 && minor >= 18)
      ? ([['TypeScript without tools', { 'main.mts': ts }, ['main.mts']]] as [
          string,
          Record<string, string>,
          string[],
        ][])
      : []),
  ];
  for (const [form, files, args] of forms) {
    // A module loader on a thread of its own: such a process is not forked.
    const itRuns = args.includes('--import') ? itSends : it;
    itRuns(`may be ${form}`, async () => {
      const { stdout, stderr } = await runProgram(files, args);
      assert.equal(stdout, 'hello from Process-1\n', stderr);
    });
  }

  it('may be missing: code that is evaluated runs functions of other modules', async () => {
    const code = `const mp = require('node-multiprocessing');
      const p = new mp.Process({ target: require('./tools.cjs').double, args: [4] });
      p.start().then(() => p.result()).then(console.log)`;
    const { stdout, stderr } = await runProgram({ 'tools.cjs': 'exports.double = (x) => 2 * x;' }, [
      '-e',
      code,
    ]);
    assert.equal(stdout, '8\n', stderr);
  });
});

describe('cpuCount()', () => {
  it('is what this process may use', async () => {
    const { stdout } = await runProgram({}, ['-p', `require('node-multiprocessing').cpuCount()`]);
    assert.ok(Number(stdout) >= 1);
    const pinned = await runProgram({}, [
      '-p',
      `require('child_process').execFileSync('taskset', ['-c', '0', process.execPath, '-p', "require('node-multiprocessing').cpuCount()"]).toString().trim()`,
    ]);
    assert.equal(pinned.stdout, '1\n', pinned.stderr);
  });

  // Both versions of control groups, as a container sees its own: at the root.
  for (const [version, shown, files] of [
    [2, '0::/', { 'cpu.max': '50000 100000' }],
    [1, '4:cpu:/', { 'cpu/cpu.cfs_quota_us': '50000', 'cpu/cpu.cfs_period_us': '100000' }],
  ] as const) {
    it(`is no more than a control group’s quota pays for, version ${version}`, async function () {
      const groups = mkdtempSync(join(tmpdir(), 'mp-cgroup-'));
      try {
        mkdirSync(join(groups, 'cpu'));
        for (const [name, text] of Object.entries({ ...files, shown })) {
          writeFileSync(join(groups, name), `${text}\n`);
        }
        const probe = spawnSync('unshare', ['-rm', 'mount', '--bind', groups, '/sys/fs/cgroup']);
        if (probe.status !== 0) this.skip(); // this user may make no namespaces here
        // In a mount namespace of its own, where these are the machine's.
        const script = [
          'mount --bind "$0" /sys/fs/cgroup',
          'mount --bind "$0/shown" "/proc/$$/cgroup"',
          `exec "$1" -p "require('node-multiprocessing').cpuCount()"`,
        ].join(' && ');
        const command = ['-rm', 'sh', '-c', script, groups, process.execPath];
        const { stdout, stderr } = await runProgram({}, [
          '-p',
          `require('child_process').execFileSync('unshare', ${JSON.stringify(command)}).toString()`,
        ]);
        assert.equal(stdout.trim(), '1', stderr);
      } finally {
        rmSync(groups, { recursive: true });
      }
    });
  }
});

describe('the back end of a child', () => {
  for (const method of ['spawn', 'forkserver'] as const) {
    it(`is what its environment says, ${method}`, async () => {
      const functions = `
        const backend = () => require(${JSON.stringify(memoryModule)}).openMemory().name;
        module.exports = { backend };`;
      const parent = `
        mp.setStartMethod(${JSON.stringify(method)});
        for (const name of ['wasm', 'plain', 'wasm', 'none']) {
          process.env.NODE_MULTIPROCESSING_BACKEND = name;
          const child = new mp.Process({ target: backend });
          await child.start();
          console.log(await child.result().catch((error) => error.message));
        }`;
      const { stdout, stderr } = await run(functions, parent);
      const none = `NODE_MULTIPROCESSING_BACKEND is "none"; it must be 'wasm' or 'plain'`;
      assert.equal(stdout, `wasm\nplain\nwasm\n${none}\n`, stderr);
    });
  }
});
