// Groups B and S of CPython's behaviours: what a child finds around it, by each start method. Each is
// a program of its own.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { runProgram } from '../helpers/program';

/** A main module in CommonJS; `parent` runs in the main process only. */
const main = (functions: string, parent: string): string => `
const mp = require('node-multiprocessing');
${functions}
const start = async (target, ...args) => {
  const child = new mp.Process({ target, args });
  await child.start();
  return child;
};
if (mp.isMainProcess()) (async () => { ${parent} })();
`;

for (const method of mp.getAllStartMethods()) {
  describe(`a child by ${method}`, () => {
    const run = async (functions: string, parent: string, options: readonly string[] = []) => {
      const env = { NODE_MULTIPROCESSING_START_METHOD: method };
      const files = { 'main.cjs': main(functions, parent), 'loaded.cjs': loaded };
      const { stdout, stderr, code } = await runProgram(files, [...options, 'main.cjs'], env);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      return stdout.trim();
    };
    const loaded = 'exports.pid = process.pid;';

    it('has the start method of its parent, and names its own children by its context', async () => {
      const functions = `exports.tell = async (deeper) => {
        const own = [mp.getStartMethod(), mp.currentProcess().name];
        if (!deeper) return own;
        const child = new (mp.getContext().Process)({ target: exports.tell, args: [false] });
        await child.start();
        return [...own, ...await child.result()];
      };`;
      const said = await run(
        functions,
        `console.log((await (await start(exports.tell, true)).result()).join());`,
      );
      const [mine, name, theirs, theirName] = said.split(',');
      assert.deepEqual([mine, theirs, name], [method, method, 'Process-1']);
      const prefix = { spawn: 'Spawn', forkserver: 'ForkServer', fork: 'Fork' }[method];
      assert.equal(theirName, `${prefix}Process-1:1`);
    });

    it('ends when its threads have, but does not wait for daemon threads', async () => {
      const functions = `
        exports.late = (value) => { setTimeout(() => { value.value = 1; }, 100); };
        exports.forever = () => { setInterval(() => {}, 1000); };
        exports.child = async (value) => {
          const { Thread } = mp.threading;
          await new Thread({ target: exports.forever, daemon: true }).start();
          await new Thread({ target: exports.late, args: [value] }).start();
        };`;
      const parent = `
        const value = new mp.Value('i', 0);
        const child = await start(exports.child, value);
        console.log(await child.join({ timeout: 15000 }), child.exitCode, value.value);`;
      assert.equal(await run(functions, parent), 'true 0 1');
    });

    it('runs to its end when it closes its own output', async () => {
      const functions = `exports.child = (value) => {
        for (const descriptor of [1, 2]) require('node:fs').closeSync(descriptor);
        value.value = 5;
      };`;
      const parent = `
        const value = new mp.Value('i', 0);
        const child = await start(exports.child, value);
        await child.join();
        console.log(child.exitCode, value.value);`;
      assert.equal(await run(functions, parent), '0 5');
    });

    it('is joined on past a signal that has a handler, in both forms', async () => {
      const functions = `exports.child = async (armed) => {
        await armed.wait();
        process.kill(process.ppid, 'SIGUSR2');
        await new Promise((resolve) => setTimeout(resolve, 100));
        process.exitCode = 3;
      };`;
      const parent = `
        let signals = 0;
        process.on('SIGUSR2', () => { signals += 1; });
        for (const wait of ['join', 'joinSync']) {
          const armed = new mp.Event();
          const child = await start(exports.child, armed);
          armed.set();
          console.log(await child[wait](), child.exitCode);
        }
        const counted = setInterval(() => {
          if (signals < 2) return;
          console.log(signals);
          clearInterval(counted);
        }, 1);`;
      assert.equal(await run(functions, parent), 'true 3\ntrue 3\n2');
    });

    it('has the options of node, and so have its children', async () => {
      const functions = `exports.child = async (depth) => {
        const own = process.execArgv.join() + ' ' + typeof gc;
        if (depth === 0) return own;
        return own + '; ' + await (await start(exports.child, depth - 1)).result();
      };`;
      const parent = `console.log(await (await start(exports.child, 1)).result());`;
      const said = await run(functions, parent, ['--expose-gc']);
      assert.equal(said, '--expose-gc function; --expose-gc function');
    });

    it('passes on what it was given, and has queues and pools of its own', async () => {
      const functions = `
        exports.put = (queue) => queue.put('from the grandchild');
        exports.double = (x) => 2 * x;
        exports.child = async (queue) => {
          await (await start(exports.put, queue)).join();
          const own = new mp.Queue();
          await (await start(exports.put, own)).join();
          await queue.put(await own.get());
          await using pool = new mp.Pool(1);
          await queue.put(await pool.map(exports.double, [1, 2]));
        };`.replace('await using pool', 'const pool');
      const parent = `
        const queue = new mp.Queue();
        const child = await start(exports.child, queue);
        console.log(await queue.get(), await queue.get(), await queue.get());
        await child.join();`;
      assert.equal(
        await run(functions, parent),
        'from the grandchild from the grandchild [ 2, 4 ]',
      );
    });

    it('gives the last eight bits of what it exits with', async () => {
      const functions = `exports.child = (code) => process.exit(code);`;
      const parent = `
        for (const code of [255, 256, 259, -1]) {
          const child = await start(exports.child, code);
          await child.join();
          console.log(child.exitCode);
        }`;
      assert.equal(await run(functions, parent), '255\n0\n3\n255');
    });

    if (method === 'fork') return;

    it('has none of its parent’s files', async () => {
      const functions = `exports.child = (descriptor) => {
        try { return require('node:fs').fstatSync(descriptor).isFile(); } catch (error) { return error.code; }
      };`;
      const parent = `
        const { openSync } = require('node:fs');
        const opened = Array.from({ length: 40 }, () => openSync(__filename));
        const child = await start(exports.child, opened.at(-1));
        console.log(await child.result());`;
      assert.equal(await run(functions, parent), 'EBADF');
    });
  });
}

describe('the forkserver', () => {
  before(function () {
    if (!mp.getAllStartMethods().includes('forkserver')) this.skip();
  });

  const files = (parent: string) => ({
    'main.cjs': main(
      `exports.where = () => {
        const { pid } = require('./loaded.cjs');
        const { inPackage } = require('package');
        return [pid === process.ppid || pid === process.pid, inPackage === pid];
      };
      exports.pid = () => process.pid;`,
      parent,
    ),
    'loaded.cjs': 'exports.pid = process.pid;',
    'node_modules/package/index.js': 'exports.inPackage = process.pid;',
    'node_modules/package/package.json': '{ "name": "package" }',
  });

  it('has modules loaded that setForkserverPreload() names as the main module would', async () => {
    const parent = `
      mp.setForkserverPreload(['./loaded.cjs', 'package', 'node:dns']);
      const child = await start(exports.where);
      console.log(...await child.result());`;
    const { stdout, stderr } = await runProgram(files(parent), ['main.cjs']);
    // Neither the child nor its parent has loaded them, and both by the same process.
    assert.equal(stdout + stderr, 'false true\n');
  });

  it('goes on after SIGINT, which a terminal sends to all', async () => {
    const parent = `
      const { readdirSync, readFileSync } = require('node:fs');
      await (await start(exports.pid)).join();
      const servers = readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid)).filter((pid) => {
        try {
          return readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('forkserver-main') &&
            readFileSync('/proc/' + pid + '/stat', 'utf8').includes(') S ' + process.pid + ' ');
        } catch { return false; }
      });
      for (const pid of servers) process.kill(Number(pid), 'SIGINT');
      const child = await start(exports.pid);
      console.log(servers.length, (await child.result()) === child.pid);
      console.log(require('node:fs').existsSync('/proc/' + servers[0]));`;
    const { stdout, stderr } = await runProgram(files(parent), ['main.cjs']);
    assert.equal(stdout + stderr, '1 true\ntrue\n');
  });

  it('freezeSupport() leaves the start method open', async () => {
    const parent = 'mp.freezeSupport(); console.log(mp.getStartMethod({ allowNone: true }));';
    const { stdout } = await runProgram(files(parent), ['main.cjs']);
    assert.equal(stdout, 'null\n');
  });
});
