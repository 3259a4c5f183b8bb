// Guards: an acquisition as a value that is released when its scope ends.
import { OwnerDiedError, TimeoutError } from '../errors.js';
import type { AbandonedOptions, AwaitOptions, WaitOptions } from './options.js';
import { checkAbandoned } from './options.js';

/**
 * What holds an acquired object until it is released or disposed of. Releasing it again does
 * nothing.
 *
 * @example
 * ```ts
 * using held = lock.guardSync();
 * if (held.abandoned) repair();
 * ```
 *
 * @public
 */
export interface Guard extends Disposable, AsyncDisposable {
  /** True when the previous owner ended while it held the lock: what it protects may be torn. */
  readonly abandoned: boolean;
  /** Releases the object, once. */
  release(): void;
}

/** What can be guarded. */
interface Guarded {
  /** What messages call it, if not by its class. */
  readonly title?: string;
  /** Of locks that survive their owner. */
  readonly abandoned?: boolean;
  release(): void;
}

interface SyncGuarded extends Guarded {
  acquireSync(options?: WaitOptions): boolean;
}

/** What can be guarded by a Promise. */
export interface AsyncGuarded extends Guarded {
  acquire(options?: AwaitOptions): Promise<boolean>;
}

class Held implements Guard {
  readonly abandoned: boolean;
  #object: Guarded | undefined;

  constructor(object: Guarded) {
    this.#object = object;
    this.abandoned = object.abandoned ?? false;
  }

  release(): void {
    const object = this.#object;
    this.#object = undefined;
    object?.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

/** Acquires, blocking, and wraps the acquisition. */
export function guardSync(object: SyncGuarded, options?: WaitOptions & AbandonedOptions): Guard {
  const throwIfAbandoned = checkAbandoned(options);
  return wrap(object, object.acquireSync(options), { options, throwIfAbandoned });
}

/** Acquires without blocking and wraps the acquisition. */
export async function guard(
  object: AsyncGuarded,
  options?: AwaitOptions & AbandonedOptions,
): Promise<Guard> {
  const throwIfAbandoned = checkAbandoned(options);
  return wrap(object, await object.acquire(options), { options, throwIfAbandoned });
}

/** Runs `run` while holding the object; released whatever happens. */
export function runExclusiveSync<T>(
  object: SyncGuarded,
  run: (held: Guard) => T,
  options?: WaitOptions & AbandonedOptions,
): T {
  const held = guardSync(object, options);
  try {
    return run(held);
  } finally {
    held.release();
  }
}

/** Runs `run`, which may be async, while holding the object; released whatever happens. */
export async function runExclusive<T>(
  object: AsyncGuarded,
  run: (held: Guard) => T | PromiseLike<T>,
  options?: AwaitOptions & AbandonedOptions,
): Promise<T> {
  const held = await guard(object, options);
  try {
    return await run(held);
  } finally {
    held.release();
  }
}

interface Wrapping {
  readonly options: WaitOptions | undefined;
  readonly throwIfAbandoned: boolean;
}

function wrap(object: Guarded, acquired: boolean, wrapping: Wrapping): Guard {
  const title = object.title ?? object.constructor.name;
  if (!acquired) {
    const waited = String(Math.max(0, wrapping.options?.timeout ?? 0));
    throw new TimeoutError(`the ${title} was not acquired within ${waited} ms`);
  }
  const held = new Held(object);
  if (held.abandoned && wrapping.throwIfAbandoned) {
    held.release();
    throw new OwnerDiedError(
      `the previous owner of the ${title} ended while it held it; ` +
        'what it protects may be half-changed',
    );
  }
  return held;
}
