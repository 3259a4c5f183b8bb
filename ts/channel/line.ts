// The promises of one thread that wait at one side of a ring, first come first served.
//
// As ts/sync/wait-queue.ts, with two differences: a try is the whole operation, which takes and gives
// back the side's lock; and each putter needs as much room as its own message.
//
//   EVENT            | THE FIRST OF THE LINE              | THE HUB
//   -----------------+------------------------------------+---------------------------------------
//   ready            | tries; when it is through, the     | told to watch on (rearm) while the same
//                    | next one does                      | one waits; watches anew for another
//   timeout, abort   | leaves                             | cancelled, with withdraw: what came for
//                    |                                    | it goes to others
import { native, ObjectKind } from '../native/binding.js';
import type { CheckedWait } from '../sync/options.js';
import { unwatch, watch } from '../sync/tickets.js';
import { Waiting } from '../sync/waiting.js';

/** What a wait is for; the numbers are those of native/napi/ring.h. */
export const Await = { record: 0xffffffff, done: 0xfffffffe } as const;

/** An operation that may have to be tried again. */
export interface Attempt<T> {
  /** Of `Await`, or for how many bytes there must be room. */
  readonly detail: number;
  /** True when it is over: it has settled `waiting`. */
  run(waiting: Waiting<T>): boolean;
  /** The time has passed. */
  timedOut(): Error;
  /** It was given up, for whatever reason. */
  leave?(): void;
}

interface Entry<T, A extends Attempt<T>> {
  readonly attempt: A;
  readonly waiting: Waiting<T>;
}

export class Line<T, A extends Attempt<T> = Attempt<T>> {
  readonly #address: number;
  readonly #entries = new Set<Entry<T, A>>();
  #ticket = 0;
  #watched: Entry<T, A> | undefined;

  constructor(address: number) {
    this.#address = address;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Joins the line; the caller has tried. */
  wait(attempt: A, wait: CheckedWait): Promise<T> {
    const waiting = new Waiting<T>(wait, {
      onTimeout: () => {
        // After a blocked loop it may have been possible for long: one last try, in order.
        this.advance();
        if (this.#entries.has(entry)) this.#leave(entry, attempt.timedOut());
      },
      onAbort: (reason) => {
        this.#leave(entry, reason);
      },
    });
    const entry = { attempt, waiting };
    this.#entries.add(entry);
    if (this.#entries.size === 1) this.advance();
    return waiting.promise;
  }

  /** Lets as many go as can. */
  advance(): void {
    for (const entry of this.#entries) {
      if (this.#watched !== entry) this.#watch(entry);
      while (!entry.attempt.run(entry.waiting)) {
        if (native.rearm(this.#ticket)) return;
      }
      this.#entries.delete(entry);
      this.#unwatch();
    }
  }

  /** Ends all waits with an error. */
  end(error: Error): void {
    const ended = [...this.#entries];
    this.#entries.clear();
    if (this.#watched !== undefined) this.#unwatch();
    for (const { attempt, waiting } of ended) {
      attempt.leave?.();
      waiting.reject(error);
    }
  }

  /** The first of the line. */
  first(): Entry<T, A> | undefined {
    return this.#entries.values().next().value;
  }

  /** Somebody else has done what it waited for. */
  remove(entry: Entry<T, A>): void {
    this.#entries.delete(entry);
    if (this.#watched === entry) this.#unwatch();
  }

  #leave(entry: Entry<T, A>, reason: unknown): void {
    this.remove(entry);
    entry.attempt.leave?.();
    entry.waiting.reject(reason);
    this.advance();
  }

  #watch(entry: Entry<T, A>): void {
    if (this.#watched !== undefined) this.#unwatch();
    const watched = {
      address: this.#address,
      kind: ObjectKind.queue,
      detail: entry.attempt.detail,
    };
    this.#ticket = watch(watched, {
      onReady: () => {
        this.advance();
      },
      forget: () => {
        this.#entries.clear();
        this.#watched = undefined;
      },
    }).ticket;
    this.#watched = entry;
  }

  /** Withdraws always: the wake that this wait has had was perhaps not for it alone. */
  #unwatch(): void {
    this.#watched = undefined;
    unwatch(this.#ticket, true);
  }
}
