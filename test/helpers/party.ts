// The other side of a test: a process, or a worker thread, that does to shared objects what the
// test says. Objects travel by share() and attach(), as users' do.
import * as mp from 'node-multiprocessing';

import { openLink, type Link, type PartyKind } from './party-links.js';
import type { Answer, Question } from './party-main.js';
import type { RoleName } from './roles.js';
import type { Shared } from './shared-words.js';
import { within } from './watchdog.js';

export type { PartyKind } from './party-links.js';

const offered: readonly PartyKind[] = ['process', 'worker', ...mp.getAllStartMethods()];
/** Default: all. MP_TEST_PARTIES names some, with commas. */
const wanted = process.env.MP_TEST_PARTIES?.split(',');

/** The parties that a suite has one after another. */
export const partyKinds: readonly PartyKind[] = offered.filter(
  (kind) => wanted?.includes(kind) ?? true,
);

const nouns: Partial<Record<PartyKind, string>> = {
  process: 'processes',
  worker: 'worker_threads',
};

/** What two parties are, in a title. */
export const nounOf = (kind: PartyKind): string => nouns[kind] ?? `processes by ${kind}`;

type Result<M> = M extends (...args: never[]) => infer R ? Awaited<R> : M;
type Arguments<M> = M extends (...args: infer A) => unknown ? A : [];

/** Several may start at once, on one processor. */
const startLimitMs = 60_000;

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
  #link: Link | undefined;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  private constructor() {
    // Made by start().
  }

  /** Starts the other side and resolves when it listens. */
  static async start(kind: PartyKind): Promise<Party> {
    const party = new Party();
    const link = await openLink(kind, (answer) => {
      party.#settle(answer);
    });
    party.#link = link;
    void link.ended.then(() => {
      party.#forsake();
    });
    await within('the other party to start', party.#ask({ what: 'ping' }), startLimitMs);
    return party;
  }

  get #far(): Link {
    return this.#link!;
  }

  get pid(): number {
    return this.#far.pid;
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
    this.#far.kill();
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
    void this.#far.ended.then(callback);
  }

  async #gone(): Promise<void> {
    await within('the other party to end', this.#far.ended);
  }

  #ask(question: Question): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    // A party that is killed on purpose leaves answers that nobody waits for.
    answer.catch(() => undefined);
    this.#far.post({ question, id });
    return answer;
  }

  /** Nobody will answer any more. */
  #forsake(): void {
    const gone = new Error('the other party has ended');
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
  }

  #settle({ id, value, error }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new FarError(error.name, error.message, error.code));
  }
}

/** One party for all tests of a describe block; started again after a test has ended it. */
export function useParty(kind: PartyKind): () => Promise<Party> {
  let party: Party | undefined;
  const ended = new WeakSet<Party>();
  after(async () => {
    if (party !== undefined && !ended.has(party)) await party.end();
  });
  return async () => {
    if (party === undefined || ended.has(party)) {
      const started = await Party.start(kind);
      started.whenEnded(() => ended.add(started));
      party = started;
    }
    return party;
  };
}
