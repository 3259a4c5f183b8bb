// Threads of whole programs: their ends, their output, their main module.
import assert from 'node:assert/strict';

import { runProgram, type ProgramEnd } from '../helpers/program';

/** A main module in CommonJS; `parent` runs in the main thread only. */
const main = (functions: string, parent: string): string => `
const mp = require('node-multiprocessing');
const { Thread } = mp.threading;
const { setTimeout: sleep } = require('node:timers/promises');
${functions}
if (mp.isMainProcess()) (async () => { ${parent} })();
`;

const run = (functions: string, parent: string): Promise<ProgramEnd> =>
  runProgram({ 'main.cjs': main(functions, parent) }, ['main.cjs']);

const slow = `
async function slow(text) { await sleep(150); console.log(text); }
async function wait() { setInterval(() => {}, 1000); await new Promise(() => {}); }
module.exports = { slow, wait };
`;

describe('the end of a program with threads', () => {
  const start = (options = '') =>
    `await new Thread({ target: slow, args: ['thread done']${options} }).start();`;

  it('waits for them at its natural end', async () => {
    const { stdout, code } = await run(slow, `${start()} console.log('main done');`);
    assert.equal(stdout, 'main done\nthread done\n');
    assert.equal(code, 0);
  });

  it('waits for them after process.exit(), and keeps its code', async () => {
    const { stdout, code } = await run(slow, `${start()} process.exit(5);`);
    assert.equal(stdout, 'thread done\n');
    assert.equal(code, 5);
  });

  it('waits for them after an uncaught error', async () => {
    const parent = `${start()} throw new Error('main failed');`;
    const { stdout, stderr, code } = await run(slow, parent);
    assert.equal(stdout, 'thread done\n');
    assert.match(stderr, /main failed/);
    assert.equal(code, 1);
  });

  for (const end of ['', 'process.exit(0);']) {
    it(`does not wait for daemons: ${end || 'natural end'}`, async () => {
      const parent = `await new Thread({ target: wait, daemon: true }).start(); ${end}`;
      const { stdout, code } = await run(slow, parent);
      assert.deepEqual([stdout, code], ['', 0]);
    });
  }

  it('a daemon that is joined keeps it until then', async () => {
    const parent = `
      const thread = new Thread({ target: slow, args: ['daemon done'], daemon: true });
      await thread.start();
      await thread.join();
      console.log('joined', await new Thread({ target: Math.sqrt, args: [4] }).run());`;
    const { stdout } = await run(slow, parent);
    assert.equal(stdout, 'daemon done\njoined 2\n');
  });

  it('a child process waits for its threads too', async () => {
    const functions = `${slow}
      module.exports.child = async () => { ${start()} };`;
    const parent = `
      const child = new mp.Process({ target: module.exports.child });
      await child.start();
      await child.join();
      console.log('exit code', child.exitCode);`;
    const { stdout } = await run(functions, parent);
    assert.equal(stdout, 'thread done\nexit code 0\n');
  });

  it('a thread waits for the threads that it started, also after process.exit()', async () => {
    const functions = `${slow}
      module.exports.starts = async () => { ${start()} process.exit(4); };`;
    const parent = `
      const thread = new Thread({ target: module.exports.starts });
      await thread.start();
      await thread.join();
      console.log('exit code', thread.exitCode);`;
    const { stdout } = await run(functions, parent);
    assert.equal(stdout, 'thread done\nexit code 4\n');
  });
});

describe('the output of threads', () => {
  it('appears at once, also while the main thread is blocked, and in order', async () => {
    const functions = `
      module.exports.talk = (ready, go) => {
        process.stdout.write('first ');
        ready.set();
        go.waitSync();
        console.log('third');
      };`;
    const parent = `
      const [ready, go] = [new mp.Event(), new mp.Event()];
      const thread = new Thread({ target: module.exports.talk, args: [ready, go] });
      thread.startSync();
      ready.waitSync();
      process.stdout.write('second ');
      go.set();
      thread.joinSync();
      console.log('fourth');`;
    const { stdout } = await run(functions, parent);
    assert.equal(stdout, 'first second third\nfourth\n');
  });

  it('is whole when it is long', async () => {
    const functions = `
      module.exports.talk = () => { process.stdout.write('x'.repeat(1 << 20)); process.stderr.write('done'); };`;
    const parent = `await new Thread({ target: module.exports.talk }).start();`;
    const { stdout, stderr } = await run(functions, parent);
    assert.equal(stdout.length, 1 << 20);
    assert.equal(stderr, 'done');
  });
});

describe('an error that ends a thread', () => {
  it('is on stderr with its stack; the others go on', async () => {
    const functions = `module.exports.fails = () => { throw new RangeError('no good'); };`;
    const parent = `
      const thread = new Thread({ target: module.exports.fails, name: 'failing' });
      await thread.start();
      await thread.join();
      console.log('main goes on,', thread.exitCode);`;
    const { stdout, stderr, code } = await run(functions, parent);
    assert.equal(stdout, 'main goes on, 1\n');
    assert.match(stderr, /^Exception in thread failing:\nRangeError: no good\n +at .*main\.cjs:\d/);
    assert.equal(code, 0);
  });

  it('that nobody catches there is on stderr once', async () => {
    const functions = `
      module.exports.fails = fails;
      async function fails() {
        setTimeout(() => { throw new RangeError('in a timer'); });
        await new Promise(() => {});
      }`;
    const parent = `await new Thread({ target: module.exports.fails }).start();`;
    const { stderr, code } = await run(functions, parent);
    assert.equal(stderr.match(/in a timer/g)?.length, 1);
    assert.match(stderr, /^Exception in thread Thread-1 \(fails\):\n/);
    assert.equal(code, 0);
  });
});

describe('the main module in a thread', () => {
  it('without a guard is an error that explains it, never a bomb', async () => {
    const text = `
      import * as mp from 'node-multiprocessing';
      export function f() {}
      const thread = new mp.threading.Thread({ target: f });
      await thread.start();
      await thread.join();
      console.log('exit code', thread.exitCode);
    `;
    const { stdout, stderr, code } = await runProgram({ 'main.mjs': text }, ['main.mjs']);
    assert.equal(stdout, 'exit code 1\n');
    assert.match(
      stderr,
      /a thread was started while this one, a thread, is still importing.*if \(isMainProcess\(\)\)/s,
    );
    assert.equal(stderr.match(/Exception in thread/g)?.length, 1);
    assert.equal(code, 0);
  });

  it('that throws there: stack on stderr, exit code 1, and result() rejects', async () => {
    const text = `
      import * as mp from 'node-multiprocessing';
      export function f() {}
      if (!mp.isMainProcess()) throw new Error('import failed');
      const thread = new mp.threading.Thread({ target: f });
      await thread.start();
      await thread.result().catch((error) => console.log('rejected:', error.message));
      await thread.join();
      console.log(thread.exitCode);
    `;
    const { stdout, stderr } = await runProgram({ 'main.mjs': text }, ['main.mjs']);
    assert.equal(stdout, 'rejected: import failed\n1\n');
    assert.match(stderr, /Exception in thread Thread-1 \(f\):\nError: import failed\n/);
  });

  it('has the arguments of the program', async () => {
    const text = main(
      `module.exports.args = () => console.log(process.argv.slice(2).join());`,
      `await new Thread({ target: module.exports.args }).start();`,
    );
    const { stdout } = await runProgram({ 'main.cjs': text }, ['main.cjs', 'a', 'b']);
    assert.equal(stdout, 'a,b\n');
  });

  for (const form of ['start', 'startSync'] as const) {
    const join = form === 'start' ? 'await thread.join()' : 'thread.joinSync()';
    const parent = `
      const thread = new mp.threading.Thread({ target: greet, args: ['hello'] });
      await thread.${form}();
      ${join};
      console.log(await thread.result());
    `;
    const esm = `import * as mp from 'node-multiprocessing';
      export async function greet(text) { return text + ' from ' + mp.threading.currentThread().name; }
      if (mp.isMainProcess()) { ${parent} }`;
    const cjs = main(
      `exports.greet = greet; function greet(text) { return text + ' from ' + mp.threading.currentThread().name; }`,
      parent,
    );
    const ts = `import * as mp from 'node-multiprocessing';
      export async function greet(text: string): Promise<string> {
        return text + ' from ' + mp.threading.currentThread().name;
      }
      async function main(): Promise<void> { ${parent} }
      if (mp.isMainProcess()) void main();`;
    const tsx = require.resolve('tsx');
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const strips = major > 22 || (major === 22 && minor >= 18);
    const forms: [string, Record<string, string>, string[]][] = [
      ['an ES module', { 'main.mjs': esm }, ['main.mjs']],
      ['CommonJS', { 'main.cjs': cjs }, ['main.cjs']],
      ['TypeScript under tsx', { 'main.ts': ts }, ['--import', tsx, 'main.ts']],
      ['TypeScript as an ES module under tsx', { 'main.mts': ts }, ['--import', tsx, 'main.mts']],
      ...(strips
        ? ([['TypeScript without tools', { 'main.mts': ts }, ['main.mts']]] as const).map(
            ([name, files, args]): [string, Record<string, string>, string[]] => [
              name,
              files,
              [...args],
            ],
          )
        : []),
    ];
    for (const [name, files, args] of forms) {
      it(`may be ${name}: ${form}()`, async () => {
        const { stdout, stderr } = await runProgram(files, args);
        assert.equal(stdout, 'hello from Thread-1 (greet)\n', stderr);
      });
    }
  }

  it('may be missing: code that is evaluated runs functions of other modules', async () => {
    const code = `const mp = require('node-multiprocessing');
      const t = new mp.threading.Thread({ target: require('./tools.cjs').double, args: [4] });
      t.start().then(() => t.result()).then(console.log)`;
    const files = { 'tools.cjs': 'exports.double = (x) => 2 * x;' };
    const { stdout, stderr } = await runProgram(files, ['-e', code]);
    assert.equal(stdout, '8\n', stderr);
  });

  it('a user’s own Worker starts threads, whose main module is the Worker’s', async () => {
    const files = {
      'main.cjs': `new (require('node:worker_threads').Worker)(__dirname + '/worker.cjs');`,
      'worker.cjs': main(
        `exports.names = names;
         function names() { return mp.threading.enumerate().map(({ name }) => name); }`,
        `if (require.main !== module && !mp.isMainProcess()) return;
         const thread = new Thread({ target: names });
         await thread.start();
         console.log((await thread.result()).join());`,
      ),
    };
    const { stdout, stderr } = await runProgram(files, ['main.cjs']);
    assert.equal(stdout, 'MainThread,Worker-1,Thread-1 (names)\n', stderr);
  });
});
