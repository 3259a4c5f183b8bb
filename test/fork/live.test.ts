// The start method `fork`: a copy of this process as it is, in which nothing of this process goes on.
// FORK_ROUNDS=1000 makes its stress a soak.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { pbkdf2, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  read,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog.js';
import { forked, inChild } from './live.js';
import { stress } from './stress.js';

const rounds = Number(process.env.FORK_ROUNDS ?? 8);
const execute = promisify(execFile);

const isRefused = (cause: RegExp) => (error: Error & { code?: string }) => {
  assert.equal(error.code, 'ERR_MP_FORK_REFUSED');
  assert.match(error.message, cause);
  return true;
};

describe('start method fork', function () {
  this.timeout(30_000 + rounds * 5_000);
  let context: mp.Context;

  before(function () {
    if (native.forkLiveGate() !== '') this.skip();
    context = mp.getContext('fork');
  });

  it('is offered, and never the default', () => {
    assert.ok(mp.getAllStartMethods().includes('fork'));
    assert.notEqual(mp.getAllStartMethods()[0], 'fork');
  });

  it('runs a closure, whose variables are there, with arguments that nobody could send', async () => {
    class Counter {
      #count = 41;
      next(): number {
        return ++this.#count;
      }
    }
    const counter = new Counter();
    const child = new context.Process({
      target: (given: Counter, more: () => string) => [given.next(), more(), given === counter],
      args: [counter, () => 'closure'],
    });
    await within('start', child.start());
    assert.deepEqual(await within('result', child.result()), [42, 'closure', true]);
    assert.equal(counter.next(), 42, 'variables are not shared');
    await child.join();
  });

  it('does not run the main module again, and makes the object the current process', async () => {
    const method = mp.getStartMethod();
    const child: mp.Process<unknown[]> = new context.Process<unknown[]>({
      name: 'my child',
      target: (): unknown[] => [
        mp.currentProcess() === (child as object),
        mp.currentProcess().name,
        mp.parentProcess()?.pid,
        mp.isMainProcess(),
        mp.getStartMethod(),
      ],
    });
    await within('start', child.start());
    assert.deepEqual(await within('result', child.result()), [
      true,
      'my child',
      process.pid,
      false,
      method,
    ]);
    await child.join();
  });

  it('gives the child ids, clocks and an empty standard input of its own', async () => {
    const beforeMs = Date.now();
    const child = await forked(() => ({
      ids: [process.pid, process.ppid],
      title: process.title,
      nowMs: performance.now(),
      originMs: performance.timeOrigin,
      uptimeSeconds: process.uptime(),
      input: readFileSync(0, 'utf8'),
    }));
    const { ids, title, nowMs, originMs, uptimeSeconds, input } = await within(
      'result',
      child.result(),
    );
    assert.deepEqual(ids, [child.pid, process.pid]);
    assert.equal(title, process.title);
    assert.ok(nowMs < 5_000 && uptimeSeconds < 5, `${String(nowMs)} ${String(uptimeSeconds)}`);
    assert.ok(originMs > beforeMs - 1_000 && originMs < Date.now() + 1_000);
    assert.equal(input, '');
    await child.join();
  });

  it('gives siblings other random numbers, also by a Math.random that was kept', async () => {
    const { random } = Math;
    random();
    randomUUID();
    randomInt(1000);
    const draw = () => ({
      random: Math.random(),
      kept: [random(), random()].join(),
      bytes: randomBytes(8).toString('hex'),
      uuid: randomUUID(),
      int: randomInt(2 ** 40),
      web: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    });
    const drawn = [await inChild(draw), await inChild(draw), await inChild(draw), draw()];
    for (const kind of ['random', 'kept', 'bytes', 'uuid', 'int', 'web'] as const) {
      assert.equal(new Set(drawn.map((one) => one[kind])).size, drawn.length, kind);
    }
  });

  it('reports exit codes, errors and signals', async () => {
    const exits = await forked(() => process.exit(3));
    const throws = await forked(() => {
      throw new RangeError('too far');
    });
    const later = await forked(
      () =>
        new Promise(() =>
          setTimeout(() => {
            throw new Error('from a timer');
          }, 1),
        ),
    );
    await assert.rejects(within('error', throws.result()), { name: 'RangeError' });
    await assert.rejects(within('error', later.result()), /from a timer/);
    const loops = await forked(() => {
      for (;;);
    });
    loops.terminate();
    const all = [exits, throws, later, loops];
    for (const child of all) await within('join', child.join());
    assert.deepEqual(
      all.map((child) => child.exitCode),
      [3, 1, 1, -15],
    );
  });

  it('a lock that it holds when it is killed is abandoned', async () => {
    const lock = new mp.Lock();
    const held = new mp.Event();
    const child = await forked(async () => {
      lock.acquireSync();
      held.set();
      await new Promise(() => setInterval(() => undefined, 1000));
    });
    await within('the hold', held.wait());
    assert.equal(lock.tryAcquire(), false);
    child.kill();
    await within('join', child.join());
    assert.equal(await within('acquire', lock.acquire()), true);
    assert.equal(lock.abandoned, true);
    lock.release();
  });

  it('moves connections among its arguments, and takes servers', async () => {
    const [here, there] = mp.Pipe();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const child = new context.Process({
      target: async (given: { connection: mp.Connection }, servers: [typeof server]) => {
        servers[0].on('connection', (socket) => socket.end('from the child'));
        await given.connection.send(process.pid);
        assert.equal(await given.connection.recv(), 'enough');
        servers[0].close();
      },
      args: [{ connection: there }, [server]],
    });
    await within('start', child.start());
    const { port } = server.address() as AddressInfo;
    server.close();
    assert.equal(await within('its message', here.recv()), child.pid);
    const [text] = (await within('its service', once(connect(port, '127.0.0.1'), 'data'))) as [
      Buffer,
    ];
    assert.equal(String(text), 'from the child');
    await here.send('enough');
    await assert.rejects(within('the end', here.recv()), { code: 'ERR_MP_EOF' });
    await within('join', child.join());
    here.close();
  });

  it('starts children of its own by every method, and threads', async () => {
    const facts = await inChild(async () => {
      const grandchild = new context.Process({ target: () => [process.ppid, Math.random()] });
      await grandchild.start();
      const [ppid] = await grandchild.result();
      await grandchild.join();
      const code = "require('node:worker_threads').parentPort.postMessage('thread')";
      const thread = new Worker(code, { eval: true });
      // Node tells a message and the end in one turn when both have come.
      const end = once(thread, 'exit');
      const [message] = (await once(thread, 'message')) as [string];
      await end;
      return [grandchild.name, ppid === process.pid, message, grandchild.exitCode];
    });
    assert.match(String(facts[0]), /^ForkProcess-\d+:1$/);
    assert.deepEqual(facts.slice(1), [true, 'thread', 0]);
  });

  it('processes of the parent are not the child’s to join', async () => {
    const other = await forked(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const codes = await inChild(async () => {
      const code = (error: unknown) => (error as { code?: string }).code;
      return [await other.join().catch(code), mp.activeChildren().length, other.pid !== null];
    });
    assert.deepEqual(codes, ['ERR_MP_PROCESS_STATE', 0, true]);
    other.kill();
    await within('join', other.join());
  });

  describe('refuses, and says why,', () => {
    it('while worker threads run', async () => {
      const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
      await once(worker, 'online');
      const child = new context.Process({ target: () => undefined });
      await assert.rejects(within('start', child.start()), isRefused(/other event loop.*worker/));
      await worker.terminate();
      await within('start', child.start());
      await child.join();
    });

    it('while an operation of the thread pool does not end; it waits for one that does', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fork-live-'));
      const fifo = join(folder, 'fifo');
      await execute('mkfifo', [fifo]);
      const descriptor = openSync(fifo, 'r+');
      const blocked = new Promise((resolve) => {
        read(descriptor, Buffer.alloc(1), 0, 1, null, resolve);
      });
      const child = new context.Process({ target: () => 1 });
      await assert.rejects(within('start', child.start()), isRefused(/1 operations? of libuv/));
      writeFileSync(descriptor, 'x');
      await blocked;
      closeSync(descriptor);
      rmSync(folder, { recursive: true });
      let isDone = false;
      pbkdf2('p', 's', 100_000, 32, 'sha256', () => {
        isDone = true;
      });
      await within('start', child.start());
      assert.equal(isDone, true);
      assert.equal(await within('result', child.result()), 1);
      await child.join();
    });
  });

  it('a child that loops ends within a second when its parent is killed', async () => {
    const program = spawn(process.execPath, [join(__dirname, 'programs/live-main.js')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    program.stdout.on('data', (bytes: Buffer) => (text += String(bytes)));
    await until('the child', () => text.includes('\n'));
    const pid = Number(text);
    assert.ok(isRunning(pid));
    program.kill('SIGKILL');
    const startMs = performance.now();
    await until('the end of the child', () => !isRunning(pid));
    assert.ok(performance.now() - startMs < 1_000);
  });

  it(`${String(rounds)} children do everything that Node can do`, async () => {
    const server = createHttpServer().listen(0, '127.0.0.1');
    const interval = setInterval(() => undefined, 1);
    try {
      for (let i = 0; i < rounds; i++) {
        const child = await forked(() => stress({ name: 'stress', megabytes: 20 }));
        assert.equal(await within('the stress', child.result(), 20_000), 'survived');
        await within('join', child.join());
        assert.equal(child.exitCode, 0);
      }
    } finally {
      clearInterval(interval);
      server.close();
    }
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return false;
  }
}
