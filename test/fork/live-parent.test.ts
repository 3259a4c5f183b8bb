// A process that is forked while it is busy: what it has begun goes on there, and only there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { until, within } from '../helpers/watchdog.js';
import { ask, forked, inChild } from './live.js';

describe('in the live-forked child of a busy parent', function () {
  this.timeout(30_000);

  before(function () {
    if (native.forkLiveGate() !== '') this.skip();
  });

  const ran: string[] = [];
  const note = (what: string) => () => void ran.push(`${what} in ${String(process.pid)}`);
  const foreign = () => ran.filter((entry) => !entry.endsWith(` ${String(process.pid)}`));
  /** What of the parent's ran in the child, some time after the fork. */
  const noted = async () => {
    ran.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 60));
    return ran;
  };

  beforeEach(() => {
    ran.length = 0;
  });

  it('no timer, immediate, tick or promise job of the parent runs', async () => {
    const timers = [5, 5, 17, 30].map((ms) => setTimeout(note('timeout'), ms));
    const interval = setInterval(note('interval'), 3);
    const slow = setTimeout(note('slow'), 100_000);
    const settled = new Promise((resolve) => setTimeout(resolve, 20)).then(note('promise'));
    const start = inChild(noted);
    setImmediate(note('immediate'));
    process.nextTick(note('tick'));
    queueMicrotask(note('microtask'));
    assert.deepEqual(await start, []);
    await settled;
    assert.ok(ran.length >= 4, 'the parent goes on');
    assert.deepEqual(foreign(), []);
    for (const timer of [...timers, interval, slow]) clearTimeout(timer);
  });

  it('no exit or signal handler of the parent runs; its own do', async () => {
    const atExit = note('exit');
    const atSignal = note('SIGTERM');
    process.on('exit', atExit).on('SIGTERM', atSignal);
    const codes: unknown[] = [];
    try {
      const child = await forked(() => {
        process.on('exit', (code) => {
          process.exitCode = 10 + ran.length + code;
        });
        process.exitCode = 2;
      });
      await within('join', child.join());
      codes.push(child.exitCode);
      const ended = await forked(() => new Promise(() => setInterval(() => undefined, 1000)));
      ended.terminate();
      await within('join', ended.join());
      codes.push(ended.exitCode);
    } finally {
      process.off('exit', atExit).off('SIGTERM', atSignal);
    }
    assert.deepEqual(codes, [12, -15]);
  });

  it('the server of the parent is served by the parent, and only as long as that has it', async () => {
    const server = createHttpServer((_, answer) => {
      answer.end(String(process.pid));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = new mp.Event();
    const child = await forked(async () => {
      // The child's own server and client work.
      const own = createHttpServer((_, answer) => answer.end('own')).listen(0, '127.0.0.1');
      await once(own, 'listening');
      const text = await ask(own);
      own.close();
      await stop.wait();
      return text;
    });
    for (let i = 0; i < 30; i++) assert.equal(await ask(server), String(process.pid));
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    const probe = connect(port, '127.0.0.1');
    const [error] = (await within('refusal', once(probe, 'error'))) as [{ code?: string }];
    assert.equal(error.code, 'ECONNREFUSED', 'the child does not keep the port open');
    stop.set();
    assert.equal(await within('result', child.result()), 'own');
    await child.join();
  });

  it('sockets, files, watches and processes stay the parent’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fork-live-'));
    const path = join(folder, 'socket');
    const server = createServer((socket) => socket.end('hello')).listen(path);
    await once(server, 'listening');
    const watcher = watch(folder, note('watch'));
    const program = spawn(process.execPath, ['-e', 'setTimeout(() => process.exit(5), 100)']);
    const ended = once(program, 'exit').then(note('program'));
    assert.deepEqual(await inChild(noted), []);
    assert.ok(existsSync(path), 'the child’s end removes no socket of the parent’s');
    writeFileSync(join(folder, 'file'), '');
    await until('the watch of the parent', () => ran.some((entry) => entry.startsWith('watch')));
    await within('the program', ended);
    assert.equal(program.exitCode, 5);
    const socket = connect(path);
    const [text] = (await once(socket, 'data')) as [Buffer];
    assert.equal(String(text), 'hello');
    watcher.close();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('holds of the parent are not its own, and no wait of the parent goes on', async () => {
    const held = new mp.RLock();
    const other = new mp.Lock();
    const event = new mp.Event();
    const queue = new mp.Queue<string>();
    held.acquireSync();
    other.acquireSync();
    // The parent waits for all of them, in front of whatever the child asks for.
    const waits = [
      other.acquire().then(note('lock')),
      event.wait().then(note('event')),
      queue.get().then(note('queue')),
    ];
    const seen = await inChild(async () => {
      const release = () => {
        try {
          held.release();
          return 'released';
        } catch (error) {
          return (error as { code?: string }).code;
        }
      };
      const facts = [held.tryAcquire(), release(), await other.acquire({ timeout: 20 })];
      return { facts, ran: await noted() };
    });
    assert.deepEqual(seen, { facts: [false, 'ERR_MP_NOT_OWNER', false], ran: [] });
    const gets = await forked(async () => await queue.get());
    other.release();
    event.set();
    await queue.put('one');
    await queue.put('two');
    await within('the waits of the parent', Promise.all(waits));
    assert.ok(['one', 'two'].includes(await within('the child’s get', gets.result())));
    assert.deepEqual(foreign(), []);
    held.release();
    other.release();
    await gets.join();
  });

  it('what it puts and gets is its own: parent and child use one queue at once', async () => {
    const queue = new mp.Queue<number | Buffer>();
    const isLooking = new mp.Event();
    const count = 20_000;
    queue.putSync(Buffer.from('first'));
    const held = queue.getViewSync();
    const holder = await forked(async () => {
      const view = await queue.getView();
      isLooking.set();
      await new mp.Event().wait();
      view.release();
    });
    // Of the parent's view nothing is the child's.
    assert.equal(await isLooking.wait({ timeout: 50 }), false);
    held.release();
    queue.putSync(Buffer.from('second'));
    assert.equal(await isLooking.wait({ timeout: 10_000 }), true);
    assert.throws(() => queue.tryGet(), mp.QueueEmptyError);
    holder.kill();
    assert.equal(String(queue.getSync({ timeout: 10_000 })), 'second');
    const putter = await forked(() => {
      for (let i = 0; i < count; i++) queue.putSync(i);
    });
    for (let i = 0; i < count; i++) queue.putSync(i);
    const got = queue.getManySync(2 * count);
    while (got.length < 2 * count) got.push(queue.getSync({ timeout: 10_000 }));
    assert.equal(
      got.reduce((sum: number, each) => sum + Number(each), 0),
      count * (count - 1),
    );
    await within('the end', Promise.all([holder.join(), putter.join()]));
  });

  it('its own waits do not stand behind those of the parent', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    const waits = new AbortController();
    const parents = lock.acquire({ signal: waits.signal });
    const child = await forked(async () => {
      const got = await lock.acquire();
      lock.release();
      return got;
    });
    waits.abort(new Error('no more'));
    await assert.rejects(parents, /no more/);
    lock.release();
    assert.equal(await within('the child’s acquire', child.result()), true);
    await child.join();
  });
});
