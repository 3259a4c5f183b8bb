// The forkserver's children: complete Node processes, each with an identity of its own.
// FORK_ROUNDS=1000 makes it a soak.
import assert from 'node:assert/strict';
import { native } from '#internal/native/binding';

import { Server } from './server.js';

const rounds = Number(process.env.FORK_ROUNDS ?? 30);

interface Identity {
  readonly pid: number;
  readonly ppid: number;
  readonly title: string;
  readonly directory: string;
  readonly nowMs: number;
  readonly originMs: number;
  readonly uptimeSeconds: number;
  readonly variable?: string;
  readonly random: readonly number[];
  readonly ints: readonly number[];
  readonly uuid: string;
  readonly bytes: string;
}

async function started(...args: Parameters<typeof Server.start>): Promise<Server> {
  const server = await Server.start(...args);
  if (typeof server === 'string') assert.fail(`the forkserver refused: ${server}`);
  return server;
}

describe('forkserver', function () {
  this.timeout(60_000 + rounds * 5_000);
  let server: Server;

  before(async function () {
    if (native.forkGate() !== '') this.skip();
    server = await started();
  });

  after(() => {
    if (native.forkGate() === '') server.close();
  });

  it('forks children that do everything that Node can do, and end by themselves', async () => {
    for (let i = 0; i < rounds; i++) {
      const ended = await server.run({ name: 'stress', megabytes: 100 });
      assert.deepEqual([ended.code, ended.signal, ended.output], [0, 0, '"survived"\n']);
    }
  });

  it('makes them children of this process, with ids, clocks and variables of their own', async () => {
    const beforeMs = Date.now();
    const { pid, output } = await server.run({ name: 'identity' }, { FORK_TEST_VARIABLE: 'ä = b' });
    const child = JSON.parse(output) as Identity;
    assert.deepEqual([child.pid, child.ppid], [pid, process.pid]);
    assert.equal(child.title, process.execPath);
    assert.equal(child.directory, process.cwd());
    assert.equal(child.variable, 'ä = b');
    assert.ok(child.nowMs < 5_000 && child.uptimeSeconds < 5);
    assert.ok(child.originMs > beforeMs - 1_000 && child.originMs < Date.now() + 1_000);
  });

  it('gives each of them other random numbers', async () => {
    const ran = [];
    for (let i = 0; i < 4; i++) ran.push(await server.run({ name: 'identity' }));
    const children = ran.map(({ output }) => JSON.parse(output) as Identity);
    for (const draw of ['random', 'ints', 'uuid', 'bytes'] as const) {
      assert.equal(new Set(children.map((child) => String(child[draw]))).size, 4, draw);
    }
  });

  it('reports how they end: with a code, by an error, by a rejection', async () => {
    const natural = await server.run({ name: 'end', how: 'return', code: 7 });
    assert.deepEqual([natural.code, natural.output], [7, 'beforeExit\nexit 7\n']);
    const exit = await server.run({ name: 'end', how: 'exit', code: 3 });
    assert.deepEqual([exit.code, exit.output], [3, 'exit 3\n']);
    for (const how of ['throw', 'reject']) {
      const { code, output } = await server.run({ name: 'end', how, code: 0 });
      assert.equal(code, 1);
      assert.match(output, /Error: (thrown|rejected) in a forked child\n +at /);
      assert.match(output, /^exit 1$/m);
    }
  });
});
