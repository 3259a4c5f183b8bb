// Those forms of an RLock that acquire for an owner of their own, and not by its `acquire`.
import type { Guard } from '../sync/guard.js';
import { checkAwait, type AbandonedOptions, type AwaitOptions } from '../sync/options.js';
import { addHold, beginWait, dropHold, type Used } from './uses.js';

type Options = (AwaitOptions & AbandonedOptions) | undefined;

interface Owned {
  guard(options?: Options): Promise<Guard>;
  runExclusive<T>(run: (held: Guard) => T | PromiseLike<T>, options?: Options): Promise<T>;
}

export function traceOwners(
  prototype: Owned,
  limitMs: number,
  usedOf: (object: object) => Used,
): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- each is called with its object
  const { guard, runExclusive } = prototype;

  prototype.guard = async function (this: Owned, options) {
    const use = new Use(usedOf(this), 'guard', { options, limitMs });
    try {
      const held = await guard.call(this, options);
      use.begin();
      const release = held.release.bind(held);
      held.release = () => {
        release();
        use.end();
      };
      return held;
    } catch (error) {
      use.end();
      throw error;
    }
  };

  prototype.runExclusive = async function <T>(
    this: Owned,
    run: (held: Guard) => T | PromiseLike<T>,
    options: Options,
  ) {
    const use = new Use(usedOf(this), 'runExclusive', { options, limitMs });
    const begun = (held: Guard): T | PromiseLike<T> => {
      use.begin();
      return run(held);
    };
    try {
      return (await runExclusive.call(this, begun as never, options)) as T;
    } finally {
      use.end();
    }
  };
}

/** A wait, and the hold that comes of it. */
class Use {
  readonly #used: Used;
  readonly #wait;
  #isHeld = false;

  constructor(used: Used, method: string, how: { options: Options; limitMs: number }) {
    const { timeoutMs } = checkAwait('acquire', how.options);
    this.#used = used;
    this.#wait = beginWait(used, { method, isBlocking: false, timeoutMs, limitMs: how.limitMs });
    this.#wait.watch();
  }

  begin(): void {
    this.#wait.end();
    this.#isHeld = true;
    addHold(this.#used, this.#wait.site);
  }

  end(): void {
    this.#wait.end();
    if (this.#isHeld) dropHold(this.#used);
    this.#isHeld = false;
  }
}
