// The other side of a test: a process, or a worker thread, that does to shared objects what the
// test says. Objects travel by share() and attach(), as users' do.
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as mp from 'node-multiprocessing';

import type { Answer, Question } from './party-main.js';
import type { RoleName } from './roles.js';
import type { Shared } from './shared-words.js';
import { within } from './watchdog.js';

export type PartyKind = 'process' | 'worker';
export const partyKinds: readonly PartyKind[] = ['process', 'worker'];

type Result<M> = M extends (...args: never[]) => infer R ? Awaited<R> : M;
type Arguments<M> = M extends (...args: infer A) => unknown ? A : [];

/** Several may start at once, on one processor. */
const startLimitMs = 60_000;
const program = join(__dirname, 'party-main.js');

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** An error that was thrown on the other side; `name`, `message` and `code` are as there. */
class FarError extends Error {
  constructor(
    readonly farName: string,
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
    this.name = farName;
  }
}

export class Party {
  readonly kind: PartyKind;
  readonly #far: ChildProcess | Worker;
  readonly #ended: Promise<unknown>;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  private constructor(kind: PartyKind, far: ChildProcess | Worker) {
    this.kind = kind;
    this.#far = far;
    this.#ended = once(far as EventEmitter, 'exit').then(() => {
      const gone = new Error('the other party has ended');
      for (const { reject } of this.#pending.values()) reject(gone);
      this.#pending.clear();
    });
    far.on('message', (answer: Answer) => {
      this.#settle(answer);
    });
  }

  /** Starts the other side and resolves when it listens. */
  static async start(kind: PartyKind, options: ForkOptions = {}): Promise<Party> {
    const far =
      kind === 'process'
        ? fork(program, { serialization: 'advanced', ...options })
        : new Worker(program);
    const party = new Party(kind, far);
    await within('the other party to start', party.#ask({ what: 'ping' }), startLimitMs);
    return party;
  }

  get pid(): number {
    return this.#far instanceof Worker ? process.pid : (this.#far.pid ?? 0);
  }

  /** Calls a method of a shared object there, or reads a property. */
  call<T extends Shared, K extends keyof T & string>(
    object: T,
    member: K,
    ...args: Arguments<T[K]>
  ): Promise<Result<T[K]>> {
    const answer = this.#ask({ what: 'call', handle: mp.share(object), member, args });
    return within(`${member} in the other party`, answer) as Promise<Result<T[K]>>;
  }

  /** Plays a role of roles.ts there, to its end. */
  play(role: RoleName, objects: readonly Shared[], settings: unknown = {}): Promise<unknown> {
    return this.#ask({
      what: 'play',
      role,
      handles: objects.map((object) => mp.share(object)),
      settings,
    });
  }

  /** Ends the other side at once: SIGKILL, or terminate(). Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#far instanceof Worker) await this.#far.terminate();
    else this.#far.kill('SIGKILL');
    await this.#gone();
  }

  /** Lets the other side end as a program does that has nothing left to do. */
  async end(): Promise<void> {
    void this.#ask({ what: 'end' }).catch(() => undefined);
    await this.#gone();
  }

  /** Makes the other side call process.exit(). */
  async exit(): Promise<void> {
    void this.#ask({ what: 'exit' }).catch(() => undefined);
    await this.#gone();
  }

  /** Calls back when the other side is gone, whoever ended it. */
  whenEnded(callback: () => void): void {
    void this.#ended.then(callback);
  }

  async #gone(): Promise<void> {
    await within('the other party to end', this.#ended);
  }

  #ask(question: Question): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    // A party that is killed on purpose leaves answers that nobody waits for.
    answer.catch(() => undefined);
    const request = { question, id };
    if (this.#far instanceof Worker) this.#far.postMessage(request);
    else this.#far.send(request);
    return answer;
  }

  #settle({ id, value, error }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new FarError(error.name, error.message, error.code));
  }
}

/** One party for all tests of a describe block; started again after a test has ended it. */
export function useParty(kind: PartyKind, options?: ForkOptions): () => Promise<Party> {
  let party: Party | undefined;
  const ended = new WeakSet<Party>();
  after(async () => {
    if (party !== undefined && !ended.has(party)) await party.end();
  });
  return async () => {
    if (party === undefined || ended.has(party)) {
      const started = await Party.start(kind, options);
      started.whenEnded(() => ended.add(started));
      party = started;
    }
    return party;
  };
}
