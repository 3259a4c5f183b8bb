// The promises of one thread that wait for one Event. Unlike those of a WaitQueue none takes
// anything from another: each is over as soon as the event was set after it began.
import type { FastPaths } from '../memory/fast-paths.js';
import { native, ObjectKind } from '../native/binding.js';
import type { CheckedWait } from './options.js';
import { unwatch, watch } from './tickets.js';
import { Waiting } from './waiting.js';

const { eventSequence, eventSet } = native.constants;

/** One thread's waits for one event; the hub watches for all of them together. */
export class EventQueue {
  readonly #address: number;
  readonly #paths: FastPaths;
  /** The waits, each with the sequence with which it began (native/sync/event.h). */
  readonly #waiting = new Map<Waiting<boolean>, number>();
  #ticket = 0;
  #willLook = false;

  /** @param owner - the event, which a pending wait keeps alive */
  constructor(
    readonly owner: object,
    address: number,
    paths: FastPaths,
  ) {
    this.#address = address;
    this.#paths = paths;
  }

  async wait(wait: CheckedWait): Promise<boolean> {
    wait.signal?.throwIfAborted();
    const since = this.#paths.load(this.#address) & eventSequence;
    if ((since & eventSet) !== 0) return true;
    if (wait.timeoutMs === 0) return false;
    const waiting = new Waiting<boolean>(wait, {
      onTimeout: () => {
        // After a blocked loop the event may have been set for long.
        this.#look();
        this.#leave(waiting, () => {
          waiting.resolve(false);
        });
      },
      onAbort: (reason) => {
        this.#leave(waiting, () => {
          waiting.reject(reason);
        });
      },
    });
    const isFirst = this.#waiting.size === 0;
    this.#waiting.set(waiting, since);
    if (isFirst) this.#watch(since);
    return waiting.promise;
  }

  /** Looks soon: the event was set by this thread. */
  poke(): void {
    if (this.#willLook) return;
    this.#willLook = true;
    queueMicrotask(() => {
      this.#willLook = false;
      this.#look();
    });
  }

  #watch(since: number): void {
    const watched = { address: this.#address, kind: ObjectKind.event, detail: since };
    const { ticket, tryNow } = watch(watched, {
      onReady: () => {
        this.#look();
      },
      forget: () => {
        this.#waiting.clear();
      },
    });
    this.#ticket = ticket;
    if (tryNow) this.poke();
  }

  /** Lets go all whose wait is over. */
  #look(): void {
    while (this.#waiting.size > 0) {
      // First what the hub has seen, then what there is: so a set in between makes it look again.
      native.attempt(this.#ticket);
      const now = this.#paths.load(this.#address) & eventSequence;
      for (const [waiting, since] of this.#waiting) {
        if (since === now && (now & eventSet) === 0) continue;
        this.#waiting.delete(waiting);
        waiting.resolve(true);
      }
      if (this.#waiting.size === 0) unwatch(this.#ticket, false);
      else if (native.rearm(this.#ticket)) return;
    }
  }

  #leave(waiting: Waiting<boolean>, settle: () => void): void {
    if (!this.#waiting.delete(waiting)) return;
    settle();
    if (this.#waiting.size === 0) unwatch(this.#ticket, true);
  }
}
