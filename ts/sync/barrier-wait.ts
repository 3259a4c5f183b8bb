// One awaited wait at a barrier. Each has a ticket of its own: it is one party, and its round may be
// over while another wait of the same thread is in the next. What the steps mean is in
// native/sync/barrier.h.
import { BrokenBarrierError } from '../errors.js';
import { BarrierResult, native, ObjectKind, Outcome } from '../native/binding.js';
import type { CheckedWait } from './options.js';
import { unwatch, watch } from './tickets.js';
import { Waiting } from './waiting.js';

/** Where to wait, and what to do when all are there. */
export interface BarrierSite {
  /** Kept alive by a pending wait. */
  readonly owner: object;
  readonly address: number;
  readonly action: (() => unknown) | undefined;
}

export function brokenBy(what = ''): BrokenBarrierError {
  const detail = what === '' ? '' : ` ${what}`;
  return new BrokenBarrierError(
    `the Barrier is broken${detail}: a party timed out, was aborted or ended, the action failed, ` +
      'or abort() or reset() was called',
  );
}

export function noActor(): BrokenBarrierError {
  return new BrokenBarrierError(
    'the Barrier is broken: its action is a function of the thread that made it, and no party of ' +
      'this round is of that thread',
  );
}

export async function waitAtBarrier(site: BarrierSite, wait: CheckedWait): Promise<number> {
  if (wait.signal?.aborted) {
    // It will not come: the others must not wait for it.
    native.barrierAbort(site.address);
    wait.signal.throwIfAborted();
  }
  return new BarrierWait(site, wait).promise;
}

class BarrierWait {
  readonly #site: BarrierSite;
  readonly #canAct: boolean;
  readonly #waiting: Waiting<number>;
  #index = 0;
  #round = 0;
  #resets = 0;
  #isInside = false;
  /** 0: the hub does not watch. */
  #ticket = 0;
  #isOver = false;

  constructor(site: BarrierSite, wait: CheckedWait) {
    this.#site = site;
    this.#canAct = site.action !== undefined;
    this.#waiting = new Waiting<number>(wait, {
      onTimeout: () => {
        this.#giveUp(() => brokenBy('by this wait, whose timeout has passed'));
      },
      onAbort: (reason) => {
        this.#giveUp(() => reason);
      },
    });
    this.#go();
    if (wait.timeoutMs === 0) this.#giveUp(() => brokenBy('by this wait, which was not to wait'));
  }

  get promise(): Promise<number> {
    return this.#waiting.promise;
  }

  /** Takes the wait as far as it goes now, and has the hub watch for the rest. */
  #go(): void {
    while (!this.#isOver && this.#step() && !this.#watch());
  }

  /** One look; true when there is to wait. */
  #step(): boolean {
    switch (this.#isInside ? this.#look() : this.#arrive()) {
      case BarrierResult.waiting:
        return true;
      case BarrierResult.passed:
        this.#pass();
        return false;
      case BarrierResult.broken:
        this.#fail(brokenBy());
        return false;
      case BarrierResult.noActor:
        this.#fail(noActor());
        return false;
      case BarrierResult.act:
        this.#end();
        void this.#act();
        return false;
    }
  }

  #arrive(): BarrierResult {
    const [result, index, round, resets, isInside] = native.barrierArrive(
      this.#site.address,
      this.#canAct,
    );
    this.#index = index;
    this.#round = round;
    this.#resets = resets;
    this.#isInside = isInside;
    // What the hub watched for, if it did, was the way in.
    this.#unwatch();
    return result;
  }

  #look(): BarrierResult {
    const { address } = this.#site;
    return native.barrierLook(address, this.#canAct, this.#index, this.#round, this.#resets);
  }

  /** True when there is nothing to see now: the hub watches. */
  #watch(): boolean {
    if (this.#ticket !== 0) return native.rearm(this.#ticket);
    const { address } = this.#site;
    const flags = (this.#canAct ? 2 ** 44 : 0) + (this.#isInside ? 2 ** 45 : 0);
    const detail = this.#round + 2 ** 28 * this.#index + flags;
    const { ticket, tryNow } = watch(
      { address, kind: ObjectKind.barrier, detail },
      {
        onReady: () => {
          if (native.attempt(this.#ticket) === Outcome.acquired || !native.rearm(this.#ticket)) {
            this.#go();
          }
        },
        forget: () => {
          this.#isOver = true;
        },
      },
    );
    this.#ticket = ticket;
    return !tryNow;
  }

  /** The time has passed, or the signal was aborted. */
  #giveUp(error: () => unknown): void {
    if (this.#isOver) return;
    // After a blocked loop the others may have come long ago.
    if (!this.#step()) return;
    if (this.#isInside) native.barrierBreak(this.#site.address, this.#round);
    else native.barrierAbort(this.#site.address);
    const passed = this.#isInside && this.#look() === BarrierResult.passed;
    if (passed) this.#pass();
    else this.#fail(error());
  }

  /** All are there, and this party runs the action before they go on. */
  async #act(): Promise<void> {
    const { action, address } = this.#site;
    try {
      await action?.();
    } catch (error) {
      native.barrierBreak(address, this.#round);
      this.#waiting.reject(error);
      return;
    }
    const result = native.barrierComplete(address, this.#round);
    if (result === BarrierResult.passed) this.#waiting.resolve(this.#index);
    else this.#waiting.reject(brokenBy('while its action ran'));
  }

  #pass(): void {
    this.#end();
    this.#waiting.resolve(this.#index);
  }

  #fail(error: unknown): void {
    this.#end();
    this.#waiting.reject(error);
  }

  /** From now on neither the hub nor the time nor the signal matter. */
  #end(): void {
    this.#isOver = true;
    this.#waiting.stop();
    this.#unwatch();
  }

  #unwatch(): void {
    if (this.#ticket !== 0) unwatch(this.#ticket, false);
    this.#ticket = 0;
  }
}
