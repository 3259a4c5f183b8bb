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

/** The longest delay that setTimeout takes. */
const maxTimerMs = 2 ** 31 - 1;

interface Waiting {
  readonly resolve: (acquired: boolean) => void;
  readonly reject: (reason: unknown) => void;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  timer: NodeJS.Timeout | undefined;
  onAbort: (() => void) | undefined;
}

/** All queues of this thread that the hub watches for, by ticket. */
const watched = new Map<number, WaitQueue>();
let lastTicket = 0;
let listening = false;

function listen(): void {
  if (listening) return;
  native.onReady((ticket) => watched.get(ticket)?.tryHead());
  listening = true;
}

/** One thread's waits for one object. */
export class WaitQueue {
  readonly #address: number;
  readonly #kind: ObjectKind;
  // A Set keeps the order of arrival and lets a waiter in the middle leave at once.
  readonly #waiting = new Set<Waiting>();
  #ticket = 0;
  #willTry = false;

  /**
   * @param owner - the object waited for. A pending wait keeps it alive through `watched`: once
   * collected, its memory may have another use, which the hub and the tries would trample on.
   */
  constructor(
    readonly owner: object,
    address: number,
    kind: ObjectKind,
  ) {
    this.#address = address;
    this.#kind = kind;
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

  #wait({ timeoutMs, signal }: CheckedWait): Promise<boolean> {
    if (this.isEmpty && !this.#watch()) this.poke();
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + timeoutMs;
      const waiting: Waiting = {
        resolve,
        reject,
        deadlineMs,
        signal,
        timer: undefined,
        onAbort: undefined,
      };
      this.#waiting.add(waiting);
      this.#startTimer(waiting);
      if (signal !== undefined) {
        waiting.onAbort = () => {
          this.#leave(waiting);
          // The reason is the caller's own, whatever it is.
          waiting.reject(signal.reason);
        };
        signal.addEventListener('abort', waiting.onAbort, { once: true });
      }
    });
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
      settle(waiting);
      waiting.resolve(true);
    }
    this.#unwatch(false);
  }

  /** False when a try may succeed now. */
  #watch(): boolean {
    listen();
    const ticket = ++lastTicket;
    const watching = native.watch(this.#address, this.#kind, ticket);
    this.#ticket = ticket;
    watched.set(ticket, this);
    return watching;
  }

  #unwatch(withdraw: boolean): void {
    watched.delete(this.#ticket);
    native.cancel(this.#ticket, withdraw);
  }

  #leave(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    settle(waiting);
    if (this.isEmpty) this.#unwatch(true);
  }

  #startTimer(waiting: Waiting): void {
    if (waiting.deadlineMs === Infinity) return;
    const leftMs = waiting.deadlineMs - performance.now();
    const expire = () => {
      this.#expire(waiting);
    };
    waiting.timer = setTimeout(expire, Math.min(Math.max(leftMs, 0), maxTimerMs));
  }

  #expire(waiting: Waiting): void {
    // Timers round down, and long waits take several.
    if (performance.now() < waiting.deadlineMs) {
      this.#startTimer(waiting);
      return;
    }
    // After a blocked loop the object may have been free for long: one last try, in order.
    this.tryHead();
    if (!this.#waiting.has(waiting)) return;
    this.#leave(waiting);
    waiting.resolve(false);
  }
}

function settle(waiting: Waiting): void {
  clearTimeout(waiting.timer);
  if (waiting.onAbort !== undefined) {
    waiting.signal?.removeEventListener('abort', waiting.onAbort);
  }
}
