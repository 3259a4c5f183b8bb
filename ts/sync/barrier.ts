// Barrier: a meeting point of a fixed number of parties, processes and threads.
import { inspect } from 'node:util';

import { invalidArgument, outOfRange } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { BarrierResult, native, ObjectKind } from '../native/binding.js';
import { brokenBy, noActor, waitAtBarrier, type BarrierSite } from './barrier-wait.js';
import { checkAwait, checkWait } from './options.js';
import type { AwaitOptions, WaitOptions } from './options.js';

const { barrierArrivals, broken, hasAction, maxParties, maximum, stateHigh } = native.constants;
const bytesPerArrival = 8;
const arrivedMask = 0xffff;

/**
 * Options of a new barrier.
 *
 * @public
 */
export interface BarrierOptions {
  /**
   * Run by one party each time all have come, before any of them goes on. What it throws that party
   * throws, and the barrier is broken for the others. It may be async; then `waitSync` cannot run
   * it. It stays in the thread that made the barrier (a function does not travel with a handle), so
   * it is run by a party of that thread: the last one to come, if that is one. A round without such
   * a party breaks.
   */
  readonly action?: (() => unknown) | undefined;
  /** Milliseconds that `wait` and `waitSync` wait without a timeout of their own; travels along. */
  readonly timeout?: number | null | undefined;
}

/**
 * How to open a barrier by its name.
 *
 * @public
 */
export interface BarrierOpening extends NameOptions {
  /**
   * How many have to come to a new one, 1 … 65535. To make one it must be given; else it may be, and
   * the one that is there must have as many.
   */
  readonly parties?: number | undefined;
  /** Of a new one: as of {@link BarrierOptions}. */
  readonly timeout?: number | null | undefined;
}

/**
 * A meeting point: each of `parties` parties waits there until all of them have come. Then all go
 * on, and the barrier is as new.
 *
 * A party that times out, is aborted, or ends (killed or normally) while it waits breaks the
 * barrier: the others get `BrokenBarrierError`, those of an ended party within 100 ms, and so do all
 * who come later, until `reset()`. Source: CPython's
 * {@link https://docs.python.org/3/library/threading.html#threading.Barrier | Barrier}, which waits
 * for ever for a party that was killed.
 *
 * @example
 * ```ts
 * const barrier = new Barrier(4);
 * const index = await barrier.wait();
 * if (index === 0) console.log('all four are here');
 * ```
 *
 * @public
 */
export class Barrier {
  readonly #address: number;
  readonly #paths: FastPaths;
  readonly #action: (() => unknown) | undefined;
  readonly #timeoutMs: number;

  /**
   * @param parties - how many have to come, 1 … 65535
   * @param options - see {@link BarrierOptions}
   * @throws RangeError when `parties` is out of range
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(parties: number, options: BarrierOptions = {}) {
    this.#timeoutMs = checkWait('Barrier', options);
    this.#action = checkAction(options.action);
    this.#address =
      (parties as unknown) instanceof Place
        ? (parties as unknown as Place).address
        : createObject(this, {
            kind: ObjectKind.barrier,
            flags: this.#action === undefined ? 0 : hasAction,
            maximum: checkParties(parties),
            sizeBytes: barrierArrivals + parties * bytesPerArrival,
          });
    this.#paths = openMemory().paths;
  }

  /**
   * The barrier of a name, which processes share that have nothing else in common. It has no action.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`, `parties`, `timeout`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: BarrierOpening = {}): Barrier {
    const { parties, timeout } = options;
    return openNamed({
      type: Barrier,
      name,
      options,
      make: () => new Barrier(parties!, { timeout }),
      mismatch: (barrier) =>
        parties === undefined || parties === barrier.parties
          ? undefined
          : `a Barrier of ${String(barrier.parties)} parties, not of ${String(parties)}`,
    });
  }

  /**
   * Waits until all parties have come, without blocking the event loop; a pending call keeps the
   * process alive.
   *
   * @param options - `timeout` in ms, `signal`; either of them ending the wait breaks the barrier
   * @returns 0 … parties - 1: as which of its round this party came, so that one can be chosen
   * @throws BrokenBarrierError when the barrier is broken, or is broken or reset during the wait
   * @throws the signal's reason when it is aborted
   */
  async wait(options?: AwaitOptions): Promise<number> {
    const { timeoutMs, signal } = checkAwait('wait', options);
    return waitAtBarrier(this.#site, { timeoutMs: this.#limit(timeoutMs), signal });
  }

  /**
   * As {@link Barrier.wait}, blocking the thread; JavaScript signal handlers do not run meanwhile.
   *
   * @param options - `timeout` in ms
   */
  waitSync(options?: WaitOptions): number {
    const timeoutMs = this.#limit(checkWait('waitSync', options));
    const packed = native.barrierWait(this.#address, this.#action !== undefined, timeoutMs);
    const result = packed % 8;
    const place = Math.floor(packed / 8);
    if (result === BarrierResult.noActor) throw noActor();
    if (result === BarrierResult.broken) throw brokenBy();
    if (result === BarrierResult.act) this.#act(Math.floor(place / 65536));
    return place % 65536;
  }

  /**
   * Makes the barrier as new. Parties that wait get `BrokenBarrierError`.
   */
  reset(): void {
    native.barrierReset(this.#address);
  }

  /** Breaks the barrier: all who wait, and all who come until `reset()`, get `BrokenBarrierError`. */
  abort(): void {
    native.barrierAbort(this.#address);
  }

  /** How many have to come. */
  get parties(): number {
    return this.#paths.load(this.#address + maximum);
  }

  /** How many wait at this moment; 0 when the barrier is broken. */
  get nWaiting(): number {
    return this.broken ? 0 : this.#paths.load(this.#address + stateHigh) & arrivedMask;
  }

  /** Whether the barrier is broken. */
  get broken(): boolean {
    return (this.#paths.load(this.#address) & broken) !== 0;
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const state = this.broken ? 'broken: true' : `nWaiting: ${String(this.nWaiting)}`;
    return `Barrier { parties: ${String(this.parties)}, ${state} }`;
  }

  get #site(): BarrierSite {
    return { owner: this, address: this.#address, action: this.#action };
  }

  #limit(timeoutMs: number): number {
    return timeoutMs === Infinity ? this.#timeoutMs : timeoutMs;
  }

  #act(round: number): void {
    try {
      const result = this.#action?.();
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
        throw invalidArgument('the action of this Barrier is async: waitSync() cannot wait for it');
      }
    } catch (error) {
      native.barrierBreak(this.#address, round);
      throw error;
    }
    const result = native.barrierComplete(this.#address, round);
    if (result !== BarrierResult.passed) throw brokenBy('while its action ran');
  }

  static {
    register({
      kind: ObjectKind.barrier,
      type: Barrier,
      addressOf: (barrier) => (barrier as Barrier).#address,
      detailOf: (barrier) => {
        const timeoutMs = (barrier as Barrier).#timeoutMs;
        return timeoutMs === Infinity ? undefined : { timeout: timeoutMs };
      },
      open: (place, detail) => new Barrier(place as unknown as number, detail ?? {}),
    });
  }
}

function checkParties(parties: unknown): number {
  if (typeof parties !== 'number' || !Number.isInteger(parties)) {
    throw invalidArgument(`parties must be a whole number, not ${String(parties)}`);
  }
  if (parties < 1 || parties > maxParties) {
    throw outOfRange(`parties must be 1 … ${String(maxParties)}, not ${String(parties)}`);
  }
  return parties;
}

function checkAction(action: unknown): (() => unknown) | undefined {
  if (action === undefined || action === null) return undefined;
  if (typeof action === 'function') return action as () => unknown;
  throw invalidArgument('the action of a Barrier must be a function');
}
