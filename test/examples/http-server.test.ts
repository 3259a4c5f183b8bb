// The server of examples/http-server answers, tells how far it is, stops work that nobody waits for,
// and ends by Ctrl-C.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import type { PoolStats } from 'node-multiprocessing';

import { root } from '../docs/fenced-blocks';
import { RunningProgram } from '../helpers/program';
import { within } from '../helpers/watchdog';

const file = join(root, 'build/dev/examples/http-server/main.js');
/** More than any test waits for. */
const endless = 1e9;

describe('the example of an HTTP server', () => {
  let program: RunningProgram;
  let url: string;

  before(async () => {
    // In a process group of its own, as a shell starts it: Ctrl-C goes to all of that.
    const child = spawn(process.execPath, [file, '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    program = new RunningProgram(child);
    await program.printed('listening on');
    url = /http:\S+/.exec(program.stdout)![0];
  });

  after(() => {
    if (program.child.exitCode === null) process.kill(-program.child.pid!, 'SIGKILL');
  });

  const read = async (path: string): Promise<string> =>
    within(
      path,
      fetch(`${url}${path}`).then(async (response) => response.text()),
    );
  const stats = async () => JSON.parse(await read('/stats')) as PoolStats;
  const begin = async (path: string): Promise<IncomingMessage> => {
    const [response] = (await within('the answer', once(get(`${url}${path}`), 'response'))) as [
      IncomingMessage,
    ];
    response.on('error', () => undefined);
    return response;
  };
  const isIdle = async (): Promise<void> => {
    while ((await stats()).outstanding > 0);
  };

  it('answers with how far it is, then with the result', async () => {
    const lines = (await read('/primes?below=100000')).trimEnd().split('\n');
    const values = lines.map((line) => JSON.parse(line) as Record<string, number>);
    assert.deepEqual(values.pop(), { primes: 9592 });
    assert.deepEqual(
      values,
      Array.from({ length: 64 }, (_, i) => ({ done: i + 1, total: 64 })),
    );
  });

  it('refuses what is no limit', async () => {
    for (const below of ['x', '1', '1.5', '1e99', '']) {
      assert.match(await read(`/primes?below=${below}`), /must be a whole number/);
    }
    assert.equal((await fetch(`${url}/nothing`)).status, 404);
  });

  it('answers others meanwhile, and stops when the request is closed', async () => {
    const response = await begin(`/primes?below=${endless}`);
    const busy = await stats();
    assert.ok(busy.outstanding > 0);
    response.destroy();
    await within('the work to stop', isIdle());
    await program.printed('the client has gone');
    const lines = (await read('/primes?below=1000')).trimEnd().split('\n');
    assert.equal(lines.at(-1), '{"primes":168}');
  });

  it('Ctrl-C ends it and its workers, whatever they do', async () => {
    const response = await begin(`/primes?below=${endless}`);
    const closed = new Promise((resolve) => response.once('close', resolve));
    assert.ok((await stats()).outstanding > 0);
    process.kill(-program.child.pid!, 'SIGINT');
    const end = await program.end();
    await within('the request to end', closed);
    assert.deepEqual([end.code, end.signal, end.stderr], [0, null, '']);
    assert.match(end.stdout, /the end\n/);
  });
});
