// One promise that waits for a Condition: its ticket (native/sync/condition.h), and the hub's watch
// of that.
import { native, ObjectKind, Outcome } from '../native/binding.js';
import type { CheckedWait } from './options.js';
import { unwatch, watch } from './tickets.js';
import { Waiting } from './waiting.js';

/** A wait, from its begin with the lock held to its end with the lock held again. */
export class ConditionWait {
  readonly #address: number;
  readonly #ticket: number;
  readonly #waiting: Waiting<boolean>;
  #watch = 0;
  #isGranted = false;

  /** @param owner - the condition, which a pending wait keeps alive */
  constructor(
    readonly owner: object,
    address: number,
    wait: CheckedWait,
  ) {
    this.#address = address;
    this.#ticket = native.conditionEnter(address);
    this.#waiting = new Waiting(wait, {
      onTimeout: () => {
        // After a blocked loop it may have been notified for long.
        if (this.#look()) return;
        unwatch(this.#watch, true);
        this.#waiting.resolve(false);
      },
      onAbort: (reason) => {
        unwatch(this.#watch, true);
        this.#waiting.reject(reason);
      },
    });
    const watched = { address, kind: ObjectKind.condition, detail: this.#ticket };
    // Nobody notifies before the lock is free, so there is nothing to try yet.
    this.#watch = watch(watched, {
      onReady: () => this.#look(),
      forget: () => {
        this.#waiting.stop();
      },
    }).ticket;
  }

  /** Resolves with true when notified, with false when the timeout has passed. */
  get promise(): Promise<boolean> {
    return this.#waiting.promise;
  }

  /** Ends the wait, once the lock is held again: until then its grant could go to another. */
  leave(): void {
    if (this.#isGranted) native.conditionLeave(this.#address, this.#ticket);
  }

  /** True when it is over. */
  #look(): boolean {
    while (native.attempt(this.#watch) !== Outcome.acquired) {
      if (native.rearm(this.#watch)) return false;
    }
    this.#isGranted = true;
    unwatch(this.#watch, false);
    this.#waiting.resolve(true);
    return true;
  }
}
