// Event: a flag that processes, and threads, wait for.
import { inspect } from 'node:util';

import type { FastPaths } from '../memory/fast-paths.js';
import { createObject, openMemory, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind } from '../native/binding.js';
import { hasAcquired } from './blocked.js';
import { EventQueue } from './event-queue.js';
import { checkAwait, checkWait } from './options.js';
import type { AwaitOptions, WaitOptions } from './options.js';

const { eventSet } = native.constants;
/** One look of 64 at an event that is not set is an atomic one. */
const looksMask = 63;

/**
 * A flag that processes and threads share and wait for.
 *
 * `set()` lets go all who wait at that moment, even when a `clear()` follows at once. Asking, and
 * setting and clearing while nobody waits, cost an atomic instruction each. A process that is
 * killed while it waits, sets or clears stops nobody. Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Event | Event};
 * unlike there, where `set()` waits for every waiter, a killed waiter does not hang it.
 *
 * @example
 * ```ts
 * const ready = new Event();
 * ready.set();              // in one process
 * await ready.wait();       // in any number of others
 * ```
 *
 * @public
 */
export class Event {
  readonly #address: number;
  readonly #paths: FastPaths;
  readonly #array: Int32Array;
  readonly #index: number;
  #looks = 0;
  #queue: EventQueue | undefined;

  /**
   * Makes an event that is not set.
   *
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor();
  constructor(place?: unknown) {
    this.#address =
      place instanceof Place ? place.address : createObject(this, { kind: ObjectKind.event });
    const memory = openMemory();
    this.#paths = memory.paths;
    ({ array: this.#array, index: this.#index } = memory.wordsAt(this.#address));
  }

  /**
   * The event of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions = {}): Event {
    return openNamed({ type: Event, name, options, make: () => new Event() });
  }

  /** Whether the event is set. */
  isSet(): boolean {
    // A plain read says that it is not set, in a third of the time. That it is set, the atomic one
    // says, for what was written before set() is to be seen; and that one also sees to it that a
    // loop that does nothing else ends, whatever a compiler makes of its reads.
    const seems = (this.#array[this.#index]! & eventSet) !== 0;
    if (!seems && (this.#looks = (this.#looks + 1) & looksMask) !== 0) return false;
    return (this.#paths.load(this.#address) & eventSet) !== 0;
  }

  /** Sets the event and lets go all who wait for it. */
  set(): void {
    if (this.#paths.eventSet(this.#address) === 0) return;
    native.eventSet(this.#address);
    this.#queue?.poke();
  }

  /** Makes those wait who come from now on; takes nothing from those whom a set has let go. */
  clear(): void {
    this.#paths.eventClear(this.#address);
  }

  /**
   * Waits until the event is set, without blocking the event loop; a pending call keeps the process
   * alive.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when it is set or was set meanwhile, false when the timeout passed
   * @throws the signal's reason when it is aborted
   */
  async wait(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('wait', options);
    this.#queue ??= new EventQueue(this, this.#address, this.#paths);
    return this.#queue.wait(wait);
  }

  /**
   * Waits until the event is set, blocking the thread; JavaScript signal handlers do not run
   * meanwhile.
   *
   * @param options - `timeout` in ms
   * @returns true when it is set or was set meanwhile, false when the timeout passed
   */
  waitSync(options?: WaitOptions): boolean {
    const timeoutMs = checkWait('waitSync', options);
    if (this.isSet()) return true;
    return timeoutMs > 0 && hasAcquired(native.eventWait(this.#address, timeoutMs), timeoutMs);
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return `Event { set: ${String(this.isSet())} }`;
  }

  static {
    register({
      kind: ObjectKind.event,
      type: Event,
      addressOf: (event) => (event as Event).#address,
    });
  }
}
