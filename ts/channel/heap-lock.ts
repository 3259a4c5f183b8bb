// The lock of an ordered queue, and waiting for what others do under it, in both forms.
import { handleOf, objectOf, type SharedHandle } from '../memory/handles.js';
import { Condition } from '../sync/condition.js';
import { Lock } from '../sync/lock.js';
import type { CheckedWait } from '../sync/options.js';

/** A waiter looks for itself so often, in ms: who changed something may be killed before it tells. */
const lookMs = 250;

/** What can be waited for. */
type ConditionName = 'notEmpty' | 'notFull' | 'allDone';

/** Something that may have to be tried again. */
export interface HeapAttempt<R> {
  /** What has to happen before another try. */
  readonly condition: ConditionName;
  /** With the lock held; undefined: not yet. Calls no code of the user's. */
  run(): R | undefined;
  /** The time has passed. */
  timedOut(): R;
}

/** Its parts as handles. */
export type HeapLockHandles = Readonly<Record<ConditionName | 'lock', SharedHandle>>;

export class HeapLock {
  readonly #lock: Lock;
  readonly #conditions: Readonly<Record<ConditionName, Condition>>;
  /** Makes whole what somebody left who died with the lock. */
  readonly #repair: () => void;

  constructor(repair: () => void, handles?: HeapLockHandles) {
    this.#repair = repair;
    const lock = handles === undefined ? new Lock() : (objectOf(handles.lock) as Lock);
    const condition = (name: ConditionName): Condition =>
      handles === undefined ? new Condition(lock) : (objectOf(handles[name]) as Condition);
    this.#lock = lock;
    this.#conditions = {
      notEmpty: condition('notEmpty'),
      notFull: condition('notFull'),
      allDone: condition('allDone'),
    };
  }

  handles(holder: number | undefined): HeapLockHandles {
    const handle = (object: object) => handleOf(object, holder)!;
    const { notEmpty, notFull, allDone } = this.#conditions;
    return {
      lock: handle(this.#lock),
      notEmpty: handle(notEmpty),
      notFull: handle(notFull),
      allDone: handle(allDone),
    };
  }

  /** Lets one of those who wait for it try again. With the lock held. */
  notify(name: ConditionName): void {
    this.#conditions[name].notify();
  }

  notifyAll(name: ConditionName): void {
    this.#conditions[name].notifyAll();
  }

  /** Calls `act` with the lock held, which others have for moments only. */
  hold<R>(act: () => R): R {
    const isBorrowed = this.#enter();
    try {
      return act();
    } finally {
      if (!isBorrowed) this.#lock.release();
    }
  }

  /** What the attempt gives, at once or after a wait that blocks the thread. */
  waitSync<R>(attempt: HeapAttempt<R>, timeoutMs: number): R {
    const deadlineMs = performance.now() + timeoutMs;
    return this.hold(() => {
      for (;;) {
        const result = attempt.run();
        if (result !== undefined) return result;
        const leftMs = deadlineMs - performance.now();
        if (!(leftMs > 0)) return attempt.timedOut();
        this.#conditions[attempt.condition].waitSync({ timeout: Math.min(leftMs, lookMs) });
        this.#mend();
      }
    });
  }

  /** What the attempt gives if the lock is free, without waiting for anything. */
  tryNow<R>(attempt: HeapAttempt<R>): R | undefined {
    if (!this.#lock.tryAcquire()) return undefined;
    try {
      this.#mend();
      return attempt.run();
    } finally {
      this.#lock.release();
    }
  }

  /** What the attempt gives, after a wait that leaves the event loop free. */
  async wait<R>(attempt: HeapAttempt<R>, { timeoutMs, signal }: CheckedWait): Promise<R> {
    const deadlineMs = performance.now() + timeoutMs;
    await this.#lock.acquire({ signal });
    try {
      for (;;) {
        this.#mend();
        const result = attempt.run();
        if (result !== undefined) return result;
        const leftMs = deadlineMs - performance.now();
        if (!(leftMs > 0)) return attempt.timedOut();
        const timeout = Math.min(leftMs, lookMs);
        await this.#conditions[attempt.condition].wait({ timeout, signal });
      }
    } finally {
      this.#lock.release();
    }
  }

  /**
   * Acquires the lock; true when this thread has it already. That is so when an awaited acquire has
   * come through whose code has not gone on yet: nothing is half-done then, and the lock is used
   * with it.
   */
  #enter(): boolean {
    let isBorrowed = false;
    try {
      this.#lock.acquireSync();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_MP_DEADLOCK') throw error;
      isBorrowed = true;
    }
    this.#mend();
    return isBorrowed;
  }

  #mend(): void {
    if (this.#lock.abandoned) this.#repair();
  }
}
