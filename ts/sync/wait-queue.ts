// The promises of one thread that wait for one shared object, first come first served.
//
// The wait hub (native/sync/wait_hub.h) watches the object as long as the queue is not empty and
// says when a try may succeed; the trying is done here, because only here is known who still waits.
//
//   EVENT              | THE HEAD OF THE QUEUE           | THE HUB
//   -------------------+---------------------------------+------------------------------------------
//   ready, or a local  | acquired: resolves with true,   | told to watch on (rearm) while somebody
//   release            | and the next one tries          | waits; cancelled when nobody does
//   timeout, abort     | leaves; resolves false/rejects  | cancelled, with withdraw, when it was the
//                      |                                 | last: what came for it goes to others
import { native, Outcome, type ObjectKind } from '../native/binding.js';
import type { CheckedWait } from './options.js';
import { unwatch, watch, type Watched } from './tickets.js';
import { Waiting } from './waiting.js';

/** One thread's waits for one object. */
export class WaitQueue {
  readonly #address: number;
  readonly #kind: ObjectKind;
  // A Set keeps the order of arrival and lets a waiter in the middle leave at once.
  readonly #waiting = new Set<Waiting<boolean>>();
  #ticket = 0;
  #willTry = false;

  /**
   * @param owner - the object waited for, which a pending wait keeps alive
   * @param detail - as {@link Watched.detail}
   */
  constructor(
    readonly owner: object,
    address: number,
    kind: ObjectKind,
    readonly detail = 0,
  ) {
    this.#address = address;
    this.#kind = kind;
  }

  get #watched(): Watched {
    return { address: this.#address, kind: this.#kind, detail: this.detail };
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Tries, and if that fails or others of this thread were first, waits for a turn. */
  async acquire(wait: CheckedWait, tryAcquire: () => boolean): Promise<boolean> {
    wait.signal?.throwIfAborted();
    if (wait.timeoutMs === 0) return tryAcquire();
    return (this.isEmpty && tryAcquire()) || this.#wait(wait);
  }

  #wait(wait: CheckedWait): Promise<boolean> {
    if (this.isEmpty && !this.#watch()) this.poke();
    const waiting = new Waiting<boolean>(wait, {
      onTimeout: () => {
        this.#expire(waiting);
      },
      onAbort: (reason) => {
        this.#leave(waiting);
        waiting.reject(reason);
      },
    });
    this.#waiting.add(waiting);
    return waiting.promise;
  }

  /** Lets the head try soon: the object was released by this thread. */
  poke(): void {
    if (this.#willTry) return;
    this.#willTry = true;
    queueMicrotask(() => {
      this.#willTry = false;
      if (!this.isEmpty) this.tryHead();
    });
  }

  /** Gives the object to as many waiters as the rules let have it now. */
  tryHead(): void {
    for (const waiting of this.#waiting) {
      // A rearm that finds the object free asks for another try. That ends within about 1 ms: from
      // then on the wait is starving, and the next release hands over.
      while (native.attempt(this.#ticket) !== Outcome.acquired) {
        if (native.rearm(this.#ticket)) return;
      }
      this.#waiting.delete(waiting);
      waiting.resolve(true);
    }
    unwatch(this.#ticket, false);
  }

  /** False when a try may succeed now. */
  #watch(): boolean {
    const { ticket, tryNow } = watch(this.#watched, {
      onReady: () => {
        this.tryHead();
      },
      forget: () => {
        this.#waiting.clear();
      },
    });
    this.#ticket = ticket;
    return !tryNow;
  }

  #leave(waiting: Waiting<boolean>): void {
    this.#waiting.delete(waiting);
    if (this.isEmpty) unwatch(this.#ticket, true);
  }

  #expire(waiting: Waiting<boolean>): void {
    // After a blocked loop the object may have been free for long: one last try, in order.
    this.tryHead();
    if (!this.#waiting.has(waiting)) return;
    this.#leave(waiting);
    waiting.resolve(false);
  }
}
