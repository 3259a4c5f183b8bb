// A forkserver for tests: runs jobs of jobs.ts in children of it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { native, type ForkReply } from '#internal/native/binding';
import type { ForkserverSetup } from '#internal/process/forkserver-setup';

import { until } from '../helpers/watchdog.js';

const root = dirname(require.resolve('node-multiprocessing/package.json'));

export interface ServerOptions {
  readonly preload?: readonly string[];
  readonly nodeOptions?: readonly string[];
}

/** How a child ended, and what it wrote. */
export interface Ended {
  readonly pid: number;
  readonly code: number;
  readonly signal: number;
  readonly output: string;
}

export class Server {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fork-test-'));
  readonly #socket: number;
  readonly process: ChildProcess;
  #sequence = 0;
  readonly #replies = new Map<number, ForkReply>();
  #isEnded = false;

  private constructor({ preload = [], nodeOptions = [] }: ServerOptions) {
    const [ours, theirs] = native.forkSockets();
    this.#socket = ours;
    const setup: ForkserverSetup = {
      preload,
      entry: join(__dirname, 'jobs.js'),
      argv: process.argv,
    };
    const setupFile = join(this.#folder, 'setup');
    writeFileSync(setupFile, JSON.stringify(setup));
    const setupDescriptor = openSync(setupFile, 'r');
    const program = join(root, 'dist/process/forkserver-main.js');
    this.process = spawn(process.execPath, [...nodeOptions, program], {
      stdio: ['ignore', 'inherit', 'inherit', theirs, setupDescriptor],
    });
    closeSync(theirs);
    closeSync(setupDescriptor);
  }

  /** A server that can be forked, or the reason why it cannot. */
  static async start(options: ServerOptions = {}): Promise<Server | string> {
    const server = new Server(options);
    const { kind, text } = await server.#reply(0);
    if (kind === 1) return server;
    server.close();
    return text;
  }

  /** Forks a child for the job, waits for its end. */
  async run(job: object, environment: Record<string, string> = {}): Promise<Ended> {
    const { pid, output } = await this.fork(job, environment);
    let stat = '';
    await until(`end of the job ${JSON.stringify(job)} in process ${String(pid)}`, () => {
      stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8').trim();
      return / Z \d/.test(stat);
    });
    const status = Number(stat.split(' ').at(-1));
    const text = readFileSync(output, 'utf8');
    rmSync(output);
    return { pid, code: status >> 8, signal: status & 0x7f, output: text };
  }

  async fork(
    job: object,
    environment: Record<string, string> = {},
  ): Promise<{ pid: number; output: string }> {
    const sequence = ++this.#sequence;
    const path = join(this.#folder, String(sequence));
    const output = openSync(path, 'a');
    const nothing = openSync('/dev/null', 'r');
    const all = { ...process.env, ...environment, FORK_TEST_JOB: JSON.stringify(job) };
    const task = {
      environment: Object.entries(all).map(([name, value]) => `${name}=${value}`),
      directory: process.cwd(),
    };
    native.forkOrder(this.#socket, sequence, Buffer.from(JSON.stringify(task)), [
      nothing,
      output,
      output,
    ]);
    closeSync(output);
    closeSync(nothing);
    const reply = await this.#reply(sequence);
    return { pid: reply.number, output: path };
  }

  close(): void {
    closeSync(this.#socket);
    rmSync(this.#folder, { recursive: true });
  }

  async #reply(sequence: number): Promise<ForkReply> {
    await until(`answer ${String(sequence)} of the forkserver`, () => {
      this.#receive();
      return this.#isEnded || this.#replies.has(sequence);
    });
    const reply = this.#replies.get(sequence);
    if (reply === undefined) throw new Error('the forkserver has ended');
    return reply;
  }

  #receive(): void {
    for (let reply = native.forkReply(this.#socket); reply !== undefined;) {
      if (reply === null) {
        this.#isEnded = true;
        return;
      }
      this.#replies.set(reply.sequence, reply);
      reply = native.forkReply(this.#socket);
    }
  }
}
