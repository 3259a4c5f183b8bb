// Processes that share nothing with the test but names: each a program of its own, not a child of the
// package. And names for tests, which are removed after each.
import * as mp from 'node-multiprocessing';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

import { within } from '../helpers/watchdog';

export interface Question {
  readonly ask: 'open' | 'acquire' | 'add' | 'set' | 'read' | 'put' | 'putShared' | 'get';
  readonly name: string;
  readonly type?: 'Lock' | 'Event' | 'Value' | 'Semaphore' | 'Queue' | 'JoinableQueue';
  readonly options?: object;
  /** What to put. */
  readonly item?: unknown;
}

export interface Answer {
  readonly value?: unknown;
  /** Of the error that it threw. */
  readonly code?: string;
}

export class Stranger {
  readonly child: ChildProcess;
  readonly #lines: Interface;
  readonly #exit: Promise<unknown>;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [join(__dirname, 'opener.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#lines = createInterface({ input: this.child.stdout! });
    this.#exit = once(this.child, 'exit');
  }

  async ask(question: Question): Promise<Answer> {
    const line = once(this.#lines, 'line');
    this.tell(question);
    const [text] = (await within(`an answer to ${question.ask}`, line)) as [string];
    return JSON.parse(text) as Answer;
  }

  /** Asks without waiting for the answer. */
  tell(question: Question): void {
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
  }

  async end(): Promise<void> {
    this.child.stdin!.end();
    await within('the other process to end', this.#exit);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await within('the other process to end', this.#exit);
  }
}

export function fileOf(name: string): string {
  return `/dev/shm/nmp.${name}`;
}

/** Names that no other test has, removed after each test. */
export function useNames(): () => string {
  const names: string[] = [];
  afterEach(() => {
    for (const name of names.splice(0)) if (existsSync(fileOf(name))) mp.unlink(name);
  });
  return () => {
    const name = `test ${randomUUID()}`;
    names.push(name);
    return name;
  };
}

/** Strangers that are killed after each test. */
export function useStrangers(): (env?: NodeJS.ProcessEnv) => Stranger {
  const strangers: Stranger[] = [];
  afterEach(async () => {
    await Promise.all(strangers.splice(0).map((stranger) => stranger.kill()));
  });
  return (env) => {
    const stranger = new Stranger(env);
    strangers.push(stranger);
    return stranger;
  };
}
