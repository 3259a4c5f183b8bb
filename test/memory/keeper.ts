// Starts keeper-main.ts as a process or as a thread, and tells it what to do.
import { fork, type ChildProcess } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { within } from '../helpers/watchdog.js';
import type { Commands, Request } from './keeper-main.js';

const program = join(__dirname, 'keeper-main.js');
const limitMs = 60_000;

export type KeeperKind = 'process' | 'thread';
export const keeperKinds: readonly KeeperKind[] = ['process', 'thread'];

type Far = (ChildProcess | Worker) & EventEmitter;

export class Keeper {
  readonly #far: Far;
  readonly #gone: Promise<unknown>;
  readonly #pending = new Map<number, (value: unknown) => void>();
  #lastId = 0;

  constructor(kind: KeeperKind) {
    const far = kind === 'process' ? fork(program, { serialization: 'advanced' }) : undefined;
    this.#far = far ?? new Worker(program);
    this.#gone = once(this.#far, 'exit');
    this.#far.on('message', ({ id, value }: { id: number; value: unknown }) => {
      this.#pending.get(id)?.(value);
      this.#pending.delete(id);
    });
  }

  get pid(): number {
    return this.#far instanceof Worker ? process.pid : this.#far.pid!;
  }

  do<C extends keyof Commands>(
    command: C,
    ...args: Parameters<Commands[C]>
  ): Promise<Awaited<ReturnType<Commands[C]>>> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve) => this.#pending.set(id, resolve));
    this.#send({ id, command, args });
    const ended = this.#gone.then(() => Promise.reject(new Error('the keeper has ended')));
    ended.catch(() => undefined);
    const done = within(`${command} of the keeper`, Promise.race([answer, ended]), limitMs);
    return done as Promise<Awaited<ReturnType<Commands[C]>>>;
  }

  /** Lets it end as a program does that has nothing left to do. */
  async end(): Promise<void> {
    this.#send({ id: 0, command: 'end', args: [] });
    await within('the end of the keeper', this.#gone);
  }

  /** SIGKILL, or terminate(). */
  async kill(): Promise<void> {
    if (this.#far instanceof Worker) await this.#far.terminate();
    else this.#far.kill('SIGKILL');
    await within('the end of the keeper', this.#gone);
  }

  #send(request: Request): void {
    if (this.#far instanceof Worker) this.#far.postMessage(request);
    else this.#far.send(request);
  }
}
