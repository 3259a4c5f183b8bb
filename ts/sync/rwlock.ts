// RWLock: many readers or one writer, processes and threads.
import { inspect } from 'node:util';

import { invalidArgument, outOfRange } from '../errors.js';
import { createObject, Place } from '../memory/memory.js';
import { openNamed, type NameOptions } from '../memory/named.js';
import { register } from '../memory/registry.js';
import { native, ObjectKind } from '../native/binding.js';
import { ReadSide, WriteSide, type RWLockSide } from './rwlock-sides.js';

const { robust, rwlockCells } = native.constants;
const bytesPerCell = 8;
const defaultReaders = 64;
const mostReaders = 4095;

/**
 * Options of a new reader-writer lock.
 *
 * @public
 */
export interface RWLockOptions {
  /** How many threads may have read holds at once, 1 … 4095 (default 64); 8 bytes each. */
  readonly readers?: number | undefined;
}

/**
 * A lock for many readers or one writer, which processes and threads share.
 *
 * `reader` and `writer` are two sides of one lock, each with the methods of a {@link Lock}: while
 * anybody holds the writer, nobody else holds either; any number may hold the reader. Holds belong
 * to the thread that acquired them; a thread may hold the reader several times, the writer once.
 *
 * A writer that waits keeps new readers out, and a reader that has waited for 1 ms gets in after the
 * writer that is inside: neither starves. When a process ends, killed or normally, its holds are
 * taken back; after a writer's `abandoned` is true until another writer has released.
 *
 * A thread that reads may read again by the blocking forms, whoever waits. Do not await a second
 * read while you hold one: a writer in between would wait for the first, and the second for the
 * writer. CPython has no such lock; the name and rules are those of POSIX and of Go.
 *
 * @example
 * ```ts
 * const lock = new RWLock();
 * lock.reader.runExclusiveSync(() => look(table));
 * await lock.writer.runExclusive(async () => { await change(table); });
 * ```
 *
 * @public
 */
export class RWLock {
  /** For those who only look; any number at once. */
  readonly reader: RWLockReader;
  /** For those who change; one at a time, and nobody reads meanwhile. */
  readonly writer: RWLockWriter;
  readonly #address: number;

  /**
   * @param options - see {@link RWLockOptions}
   * @throws RangeError when `readers` is out of range
   * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
   */
  constructor(options: RWLockOptions = {}) {
    this.#address = options instanceof Place ? options.address : create(this, options);
    this.reader = new ReadSide(this, this.#address);
    this.writer = new WriteSide(this, this.#address);
  }

  /**
   * The lock of a name, which processes share that have nothing else in common.
   *
   * @param name - 1 … 200 bytes of UTF-8 without '/' and NUL
   * @param options - `create`, `exclusive`, `mode`; and, for a new one, see {@link RWLockOptions}
   * @throws NameError when there is no such name, when there is one and `exclusive` is true, when it
   * is the name of something else, or another user's
   * @throws MultiprocessingError `ERR_MP_LAYOUT` when another version of the package made it
   */
  static open(name: string, options: NameOptions & RWLockOptions = {}): RWLock {
    return openNamed({ type: RWLock, name, options, make: () => new RWLock(options) });
  }

  /**
   * True since a writer ended while it was inside, until another writer has released: what the lock
   * protects may be half-changed.
   */
  get abandoned(): boolean {
    return this.writer.abandoned;
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const readers = String(native.rwlockReaders(this.#address));
    return `RWLock { readers: ${readers}, writer: ${String(this.writer.locked())} }`;
  }

  static {
    register({
      kind: ObjectKind.rwlock,
      type: RWLock,
      addressOf: (lock) => (lock as RWLock).#address,
    });
  }
}

/**
 * The side of an {@link RWLock} for those who only look; see {@link RWLockSide} for its methods.
 *
 * @public
 */
export type RWLockReader = RWLockSide;

/**
 * The side of an {@link RWLock} for those who change; see {@link RWLockSide} for its methods.
 *
 * @public
 */
export type RWLockWriter = RWLockSide;

function create(owner: object, options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('an RWLock takes options such as { readers: 64 }');
  }
  const { readers = defaultReaders } = options as RWLockOptions;
  if (typeof readers !== 'number' || !Number.isInteger(readers)) {
    throw invalidArgument(`readers must be a whole number, not ${String(readers)}`);
  }
  if (readers < 1 || readers > mostReaders) {
    throw outOfRange(`readers must be 1 … ${String(mostReaders)}, not ${String(readers)}`);
  }
  return createObject(owner, {
    kind: ObjectKind.rwlock,
    flags: robust,
    maximum: readers,
    sizeBytes: rwlockCells + readers * bytesPerCell,
  });
}
