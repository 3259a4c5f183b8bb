// Semaphore and BoundedSemaphore: counting semaphores between processes, and between threads. Robust
// ones have other words in shared memory (native/sync/robust_semaphore.h), and the same methods.
import { inspect } from 'node:util';

import { invalidArgument, NotOwnerError, outOfRange, OverReleaseError } from '../errors.js';
import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind, Outcome } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { refuseDeadlock } from './deadlock.js';
import { guard, guardSync, runExclusive, runExclusiveSync, type Guard } from './guard.js';
import { checkAwait, checkWait } from './options.js';
import type { AwaitOptions, WaitOptions } from './options.js';
import { mostUnits, RobustUnits } from './robust-units.js';
import { WaitQueue } from './wait-queue.js';

const { countMax, maximum: maximumOffset, robust, robustUnits } = native.constants;
const bytesPerUnit = 4;

/**
 * Options of a new semaphore.
 *
 * @public
 */
export interface SemaphoreOptions {
  /**
   * `true`: what a thread holds comes back when it ends, killed or not. Then only a thread that
   * holds a unit may release one, and there are 1 … 4095 units, never more than at the start.
   * Default `false`, as in CPython.
   */
  readonly robust?: boolean | undefined;
}

/**
 * What a semaphore starts as that {@link Semaphore.open} makes.
 *
 * @public
 */
export interface SemaphoreOpening extends SemaphoreOptions {
  /** Free units at the start, 0 … 2147483647 (default 1). */
  readonly value?: number | undefined;
}

let addressOf: (semaphore: object) => number;

/**
 * A counter of free units that processes and threads share: `acquire` takes one and waits while
 * there is none, `release` gives some back.
 *
 * Units belong to nobody: a process that is killed while it has one takes it along, as in CPython.
 * With `{ robust: true }` they belong to the thread that acquired them, and come back when it ends;
 * that a unit came back says nothing about what its holder left half-done. A waiter that others keep overtaking is handed a unit after a bounded time. Source: CPython's
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
  /** Of a robust one. */
  readonly #units: RobustUnits | undefined;
  #queue: WaitQueue | undefined;

  /**
   * @param value - free units at the start, 0 … 2147483647 (default 1); robust: 1 … 4095
   * @param options - see {@link SemaphoreOptions}
   * @throws RangeError when `value` is out of range
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(value = 1, options: SemaphoreOptions = {}) {
    this.#address =
      (value as unknown) instanceof Place
        ? (value as unknown as Place).address
        : this.#create(value, checkRobust(options));
    this.#paths = openMemory().paths;
    this.#maximum = this.#paths.load(this.#address + maximumOffset);
    this.#units = RobustUnits.at(this.#address, this.#paths);
  }

  /**
   * The semaphore of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; and, for a new one, `value` (default 1) and `robust`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions & SemaphoreOpening = {}): Semaphore {
    return openNamed({
      type: Semaphore,
      name,
      options,
      make: () => new Semaphore(options.value, options),
    });
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
   * @throws MultiprocessingError `ERR_MP_DEADLOCK` when this thread holds all units of a robust one,
   * and no timeout would end the wait
   */
  acquireSync(options?: WaitOptions): boolean {
    if (options === undefined && this.#tryFast()) return true;
    return this.#acquireSlow(options);
  }

  /** Takes a unit if there is one; true when it did. */
  tryAcquire(): boolean {
    return this.#tryFast() || native.semaphoreTryAcquire(this.#address) === Outcome.acquired;
  }

  /**
   * Gives units back, all or none.
   *
   * @param count - how many, 1 … 2147483647 (default 1)
   * @throws OverReleaseError when there would be more than the maximum: 2147483647, or for a
   * {@link BoundedSemaphore} as many as at its start
   * @throws NotOwnerError when this thread holds fewer units of a robust one
   */
  release(count = 1): void {
    if (count === 1 && this.#releaseFast()) {
      this.#queue?.poke();
      return;
    }
    this.#releaseSlow(count);
  }

  /** Free units at this moment. */
  get value(): number {
    return this.#units === undefined ? this.#paths.load(this.#address) : this.#units.free();
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
    const most = this instanceof BoundedSemaphore ? `, maxValue: ${String(this.#maximum)}` : '';
    return `${this.constructor.name} { value: ${String(this.value)}${most} }`;
  }

  #create(value: number, isRobust: boolean): number {
    const kind = ObjectKind.semaphore;
    if (isRobust) {
      checkUnits('the value of a robust semaphore', value, { least: 1, most: mostUnits });
      const sizeBytes = robustUnits + value * bytesPerUnit;
      return createObject(this, { kind, flags: robust, maximum: value, sizeBytes });
    }
    checkUnits('value', value, { least: 0, most: countMax });
    const maximum = this instanceof BoundedSemaphore ? value : countMax;
    return createObject(this, { kind, maximum, low: value });
  }

  #tryFast(): boolean {
    if (this.#units !== undefined) return this.#units.tryAcquire();
    return this.#paths.semaphoreTryAcquire(this.#address) === 1;
  }

  #releaseFast(): boolean {
    if (this.#units !== undefined) return this.#units.release();
    return this.#paths.semaphoreRelease(this.#address, this.#maximum) === 1;
  }

  #acquireSlow(options: WaitOptions | undefined): boolean {
    const timeoutMs = checkWait('acquireSync', options);
    const outcome =
      timeoutMs === 0
        ? native.semaphoreTryAcquire(this.#address)
        : native.semaphoreAcquire(this.#address, timeoutMs);
    if (outcome === Outcome.deadlock) refuseDeadlock('holds all units');
    return hasAcquired(outcome, timeoutMs);
  }

  #releaseSlow(count: number): void {
    checkUnits('count', count, { least: 1, most: countMax });
    const outcome = native.semaphoreRelease(this.#address, count);
    if (outcome === Outcome.notOwner) {
      throw new NotOwnerError(
        `release(${String(count)}) of a robust ${this.constructor.name} by a thread that holds ` +
          'fewer units of it',
      );
    }
    if (outcome === Outcome.notHeld) {
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
    const make = (): BoundedSemaphore => new BoundedSemaphore(options.value, options);
    return openNamed({ type: BoundedSemaphore, name, options, make });
  }

  static {
    register({ kind: ObjectKind.semaphore, type: BoundedSemaphore, addressOf });
  }
}

function checkRobust(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('a semaphore takes options such as { robust: true } beside its value');
  }
  const { robust: wanted = false } = options as SemaphoreOptions;
  if (typeof (wanted as unknown) === 'boolean') return wanted;
  throw invalidArgument(`robust must be true or false, not ${String(wanted)}`);
}

interface Limits {
  readonly least: number;
  readonly most: number;
}

function checkUnits(name: string, units: unknown, { least, most }: Limits): void {
  if (typeof units !== 'number' || !Number.isInteger(units)) {
    throw invalidArgument(`${name} must be a whole number, not ${String(units)}`);
  }
  if (units < least || units > most) {
    throw outOfRange(`${name} must be ${String(least)} … ${String(most)}, not ${String(units)}`);
  }
}
