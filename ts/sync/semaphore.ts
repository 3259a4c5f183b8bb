// Semaphore and BoundedSemaphore: counting semaphores between processes, and between threads.
import { inspect } from 'node:util';

import { invalidArgument, outOfRange, OverReleaseError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { guard, guardSync, runExclusive, runExclusiveSync, type Guard } from './guard.js';
import { checkAwait, checkWait } from './options.js';
import type { AwaitOptions, WaitOptions } from './options.js';
import { WaitQueue } from './wait-queue.js';

const { countMax, maximum: maximumOffset } = native.constants;

/**
 * What a semaphore starts as that {@link Semaphore.open} makes.
 *
 * @public
 */
export interface SemaphoreOpening {
  /** Free units at the start, 0 … 2147483647 (default 1). */
  readonly value?: number | undefined;
}

let addressOf: (semaphore: object) => number;

/**
 * A counter of free units that processes and threads share: `acquire` takes one and waits while
 * there is none, `release` gives some back.
 *
 * Units belong to nobody: a process that is killed while it has one takes it along, as in CPython.
 * A waiter that others keep overtaking is handed a unit after a bounded time. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Semaphore | Semaphore}.
 *
 * @example
 * ```ts
 * const seats = new Semaphore(2);
 * await seats.runExclusive(async () => { await useSeat(); });
 * ```
 *
 * @public
 */
export class Semaphore {
  readonly #address: number;
  readonly #maximum: number;
  readonly #paths: FastPaths;
  #queue: WaitQueue | undefined;

  /**
   * @param value - free units at the start, 0 … 2147483647 (default 1)
   * @throws RangeError when `value` is out of range
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(value = 1) {
    this.#address =
      (value as unknown) instanceof Place
        ? (value as unknown as Place).address
        : this.#create(value);
    this.#paths = openMemory().paths;
    this.#maximum = this.#paths.load(this.#address + maximumOffset);
  }

  /**
   * The semaphore of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; and `value` of a new one (default 1)
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions & SemaphoreOpening = {}): Semaphore {
    return openNamed({ type: Semaphore, name, options, make: () => new Semaphore(options.value) });
  }

  /**
   * Takes a unit without blocking the event loop; a pending call keeps the process alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when acquired, false when the timeout passed
   * @throws the signal's reason when it is aborted
   */
  async acquire(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('acquire', options);
    this.#queue ??= new WaitQueue(this, this.#address, ObjectKind.semaphore);
    return this.#queue.acquire(wait, () => this.tryAcquire());
  }

  /**
   * Takes a unit, blocking the thread while there is none; JavaScript signal handlers do not run
   * meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when acquired, false when the timeout passed
   */
  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#paths.semaphoreTryAcquire(this.#address) === 1) return true;
    return this.#acquireSlow(options);
  }

  /** Takes a unit if there is one; true when it did. */
  tryAcquire(): boolean {
    if (this.#paths.semaphoreTryAcquire(this.#address) === 1) return true;
    return native.semaphoreTryAcquire(this.#address) === Outcome.acquired;
  }

  /**
   * Gives units back, all or none.
   *
   * @param count - how many, 1 … 2147483647 (default 1)
   * @throws OverReleaseError when there would be more than the maximum: 2147483647, or for a
   * {@link BoundedSemaphore} as many as at its start
   */
  release(count = 1): void {
    if (count === 1 && this.#paths.semaphoreRelease(this.#address, this.#maximum) === 1) {
      this.#queue?.poke();
      return;
    }
    this.#releaseSlow(count);
  }

  /** Free units at this moment. */
  get value(): number {
    return this.#paths.load(this.#address);
  }

  /** Whether there is no free unit, for any process. */
  locked(): boolean {
    return this.value === 0;
  }

  /**
   * Takes a unit as a value: `await using held = await semaphore.guard()`.
   *
   * @throws TimeoutError when the timeout passed
   */
  guard(options?: AwaitOptions): Promise<Guard> {
    return guard(this, options);
  }

  /** As {@link Semaphore.guard}, blocking: `using held = semaphore.guardSync()`. */
  guardSync(options?: WaitOptions): Guard {
    return guardSync(this, options);
  }

  /** Runs `run`, which may be async, with a unit; throws as {@link Semaphore.guard}. */
  runExclusive<T>(run: (held: Guard) => T | PromiseLike<T>, options?: AwaitOptions): Promise<T> {
    return runExclusive(this, run, options);
  }

  /** Runs `run` with a unit, blocking for it; throws as {@link Semaphore.guard}. */
  runExclusiveSync<T>(run: (held: Guard) => T, options?: WaitOptions): T {
    return runExclusiveSync(this, run, options);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return `${this.constructor.name} { value: ${String(this.value)} }`;
  }

  #create(value: number): number {
    checkUnits('value', value, 0);
    const maximum = this instanceof BoundedSemaphore ? value : countMax;
    return createObject(this, { kind: ObjectKind.semaphore, maximum, low: value });
  }

  #acquireSlow(options: WaitOptions | undefined): boolean {
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.semaphoreTryAcquire(this.#address)
        : native.semaphoreAcquire(this.#address, timeoutMs);
    return outcome === Outcome.acquired;
  }

  #releaseSlow(count: number): void {
    checkUnits('count', count, 1);
    if (native.semaphoreRelease(this.#address, count) === Outcome.notHeld) {
      const most = String(this.#maximum);
      throw new OverReleaseError(
        `release(${String(count)}) would raise the ${this.constructor.name} from ` +
          `${String(this.value)} above its maximum of ${most}`,
      );
    }
    this.#queue?.poke();
  }

  static {
    addressOf = (semaphore) => (semaphore as Semaphore).#address;
    register({ kind: ObjectKind.semaphore, type: Semaphore, addressOf });
  }
}

/**
 * A {@link Semaphore} that refuses to be released above the value that it started with, which
 * finds programs that release more than they acquired.
 *
 * @public
 */
export class BoundedSemaphore extends Semaphore {
  /** As {@link Semaphore.open}. */
  static override open(
    name: string,
    options: NameOptions & SemaphoreOpening = {},
  ): BoundedSemaphore {
    const make = (): BoundedSemaphore => new BoundedSemaphore(options.value);
    return openNamed({ type: BoundedSemaphore, name, options, make });
  }

  static {
    register({ kind: ObjectKind.semaphore, type: BoundedSemaphore, addressOf });
  }
}

function checkUnits(name: string, units: unknown, least: number): void {
  if (typeof units !== 'number' || !Number.isInteger(units)) {
    throw invalidArgument(`${name} must be a whole number, not ${String(units)}`);
  }
  if (units < least || units > countMax) {
    throw outOfRange(
      `${name} must be ${String(least)} … ${String(countMax)}, not ${String(units)}`,
    );
  }
}
