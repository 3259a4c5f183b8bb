// The units of one robust semaphore, as one thread sees them; see native/sync/robust_semaphore.h.
import type { FastPaths } from '../memory/fast-paths.js';
import { selfAt, type Self } from '../memory/self.js';
import { native } from '../native/binding.js';

const { flags, maximum, robust } = native.constants;

/** The most units that a robust semaphore may have. */
export const mostUnits = 4095;

/** A thread's way to the units. */
export class RobustUnits {
  readonly #address: number;
  readonly #paths: FastPaths;
  readonly #self: Self;
  readonly #count: number;

  private constructor(address: number, paths: FastPaths) {
    this.#address = address;
    this.#paths = paths;
    this.#self = selfAt(address);
    this.#count = paths.load(address + maximum);
  }

  /** Those of the semaphore at the address; undefined when it is not robust. */
  static at(address: number, paths: FastPaths): RobustUnits | undefined {
    const isRobust = (paths.load(address + flags) & robust) !== 0;
    return isRobust ? new RobustUnits(address, paths) : undefined;
  }

  /** True when it took one, without a look at dead holders. */
  tryAcquire(): boolean {
    const self = this.#self.id;
    const start = self % this.#count;
    return this.#paths.robustTryAcquire(this.#address, self, this.#count, start) === 1;
  }

  /** Gives one back; false when this thread holds none. */
  release(): boolean {
    const self = this.#self.id;
    const start = self % this.#count;
    const result = this.#paths.robustRelease(this.#address, self, this.#count, start);
    if (result === 1) native.semaphoreNotify(this.#address);
    return result !== 2;
  }

  /** How many are free, counting those of threads that have ended. */
  free(): number {
    return native.semaphoreFree(this.#address);
  }
}
