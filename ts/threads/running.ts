// A started thread, seen from the thread that started it: its news, its end, its result.
import { join } from 'node:path';
import {
  MessageChannel,
  receiveMessageOnPort,
  SHARE_ENV,
  Worker,
  type MessagePort,
  type ResourceLimits,
} from 'node:worker_threads';

import { forsakeMessage } from '../codec/codec.js';
import { ThreadError } from '../errors/thread.js';
import { dropHandle, handleOf, type SharedHandle } from '../memory/handles.js';
import { Lock } from '../sync/lock.js';
import type { CheckedWait } from '../sync/options.js';
import { settled } from './settled.js';
import { State, Word, type ThreadNews, type ThreadTask } from './task.js';

/** A thread has begun to run long before; or it never will. */
const bootLimitMs = 60_000;

/** What the starter says of a thread; the rest of its task is made here. */
export type ThreadSeed = Omit<ThreadTask, 'life' | 'words' | 'port'>;

export class Running {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #life = new Lock();
  readonly #words = new Int32Array(
    new SharedArrayBuffer(Word.count * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #seed: ThreadSeed;
  /** Resolve when it lives, or has a result, or has ended. */
  readonly #listeners = new Set<() => void>();
  readonly ident: number;
  #holds = 0;
  #hasEnded = false;
  #result: Uint8Array | undefined;
  /** What Node says about an end that the thread could not report. */
  #failure: unknown;

  constructor(seed: ThreadSeed, resourceLimits: ResourceLimits | undefined) {
    this.#seed = seed;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const life = handleOf(this.#life) as SharedHandle<Lock>;
    const task: ThreadTask = { ...seed, life, words: this.#words, port: port2 };
    try {
      this.#worker = new Worker(join(__dirname, 'thread-main.js'), {
        workerData: task,
        transferList: [port2],
        env: SHARE_ENV,
        // The thread writes to the process's own.
        stdout: true,
        stderr: true,
        name: seed.name,
        ...(resourceLimits === undefined ? {} : { resourceLimits }),
      });
    } catch (error) {
      dropHandle(life);
      port1.close();
      throw error;
    }
    this.ident = this.#worker.threadId + 1;
    this.#listen(life);
    this.#hold(0);
  }

  #listen(life: SharedHandle<Lock>): void {
    this.#port.on('message', (news: ThreadNews) => {
      this.#take(news);
    });
    // Of all that a thread has only its Worker keeps the event loop.
    this.#port.unref();
    this.#worker.on('error', (error: unknown) => {
      this.#failure = error;
    });
    this.#worker.on('exit', () => {
      if (this.#words[Word.state] === State.starting) dropHandle(life);
      this.#end();
    });
  }

  /** Whether it has begun to run. */
  get lives(): boolean {
    return this.#words[Word.state] !== State.starting;
  }

  get nativeId(): number | null {
    return this.lives ? this.#words[Word.nativeId]! : null;
  }

  /** Whether it has ended; also when this thread's event loop has not heard of it yet. */
  poll(): boolean {
    if (!this.#hasEnded && this.lives && this.#life.tryAcquire()) this.#end();
    return this.#hasEnded;
  }

  /** How it ended: what it said, or 1 when it could not say anything. */
  get exitCode(): number {
    const said = this.#words[Word.exitCode]!;
    return said === 0 ? 1 : said - 1;
  }

  get isDaemon(): boolean {
    return this.#seed.isDaemon;
  }

  /** Calls `done` once, when it has ended; at once if it has. */
  onEnd(done: () => void): void {
    const look = (): void => {
      if (!this.#hasEnded) return;
      this.#listeners.delete(look);
      done();
    };
    this.#listeners.add(look);
    look();
  }

  /** What it left as its result, once it has. */
  get result(): Uint8Array | undefined {
    return this.#result;
  }

  /** The error for an end without a result. */
  ended(): ThreadError {
    const { name } = this.#seed;
    const { exitCode } = this;
    const why =
      exitCode === 0
        ? 'it called process.exit(), or waited for something that nothing on its event loop can bring about'
        : 'it was terminated, or called process.exit()';
    const cause = this.#failure;
    const message = `thread ${name} ended before its target returned: ${cause instanceof Error ? cause.message : why}`;
    return new ThreadError(message, { exitCode, cause });
  }

  terminate(): void {
    // Its end is heard of as every other.
    void this.#worker.terminate();
  }

  /** Resolves with true as soon as `isDone`, with false when the time is over. */
  async wait(wait: CheckedWait, isDone: () => boolean): Promise<boolean> {
    wait.signal?.throwIfAborted();
    this.poll();
    if (isDone()) return true;
    if (wait.timeoutMs === 0) return false;
    this.#hold(1);
    try {
      return await settled(wait, isDone, this.#listeners);
    } finally {
      this.#hold(-1);
    }
  }

  /** Blocks until it lives. */
  bootSync(): void {
    const outcome = Atomics.wait(this.#words, Word.state, State.starting, bootLimitMs);
    if (outcome !== 'timed-out') return;
    this.terminate();
    throw new ThreadError(
      `thread ${this.#seed.name} did not begin to run within ${String(bootLimitMs)} ms`,
      { exitCode: 1 },
    );
  }

  /** Blocks until it has ended; false when the time was over before. */
  waitSync(timeoutMs: number): boolean {
    if (this.poll()) return true;
    const startMs = performance.now();
    if (!this.lives) Atomics.wait(this.#words, Word.state, State.starting, timeoutMs);
    if (!this.lives) return false;
    const leftMs = timeoutMs - (performance.now() - startMs);
    if (!this.#life.acquireSync({ timeout: leftMs })) return false;
    this.#end();
    return true;
  }

  #take(news: ThreadNews): void {
    if (news !== 'lives') this.#result ??= news;
    this.#tell();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (let next; (next = receiveMessageOnPort(this.#port)) !== undefined;) {
      this.#take(next.message as ThreadNews);
    }
    this.#port.close();
    // What it has not taken nobody will.
    if (this.#words[Word.state] !== State.works) forsakeMessage(this.#seed.work);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** A daemon keeps the event loop only while somebody waits for it. */
  #hold(change: 1 | 0 | -1): void {
    this.#holds += change;
    if (!this.#seed.isDaemon || this.#holds > 0) this.#worker.ref();
    else this.#worker.unref();
  }
}
