// What this thread holds and waits for, for everybody to read: a block of shared memory that ends
// with the thread, however that ends.
//
//   OFFSET   | SIZE  | FIELD   | MEANING
//          0 |     4 | current | which half counts, 0 or 1
//          8 | half  | half 0  | JSON of an Entry, then NUL
//   8 + half | half  | half 1  | likewise
//
// A text is written into the half that does not count, and counts from one store on. So whoever is
// killed while writing leaves the last one. Who reads both halves while two texts are written sees
// nonsense, and looks again.
import { threadId } from 'node:worker_threads';

import { createBlock } from '../memory/block.js';
import { ElementType, native, ObjectKind } from '../native/binding.js';
import { thisProcess } from '../process/this-process.js';

/** A shared object, as all processes can name it. */
export interface ObjectPlace {
  readonly segment: string;
  readonly offset: number;
}

export function keyOf({ segment, offset }: ObjectPlace): string {
  return `${segment}+${String(offset)}`;
}

/** Of an RWLock: which side. */
export type Mode = 'read' | 'write';

interface Use {
  /** Tells it from others of the thread. */
  readonly id: number;
  readonly place: ObjectPlace;
  readonly kind: ObjectKind;
  readonly mode?: Mode | undefined;
  /** Where in the program. */
  readonly site: string;
  /** In ms since 1970. */
  readonly since: number;
}

/** What the thread holds. */
export interface Hold extends Use {
  /** This thread in the object's segment. */
  readonly self: number;
  /** How often, or how many units; less than 0: it released units that it had not taken. */
  count: number;
}

/** What the thread waits for. */
export interface Wait extends Use {
  /** What was called. */
  readonly method: string;
  readonly isBlocking: boolean;
  /** In ms; null: for ever. */
  readonly timeoutMs: number | null;
}

/** What one thread says of itself. */
export interface Entry {
  readonly pid: number;
  readonly thread: number;
  /** Name of the process. */
  readonly name: string;
  readonly holds: readonly Hold[];
  readonly waits: readonly Wait[];
  /** [key of an object, where it was made]. */
  readonly made: readonly (readonly [key: string, site: string])[];
}

const start = 8;
const halfBytes = 32_768;
/** Of the objects that the thread made, so many are told: all are told again at each change. */
const mostMade = 64;

/** A thread's own. */
export class Journal {
  readonly holds = new Set<Hold>();
  readonly waits = new Set<Wait>();
  readonly #made = new Map<string, string>();
  /** Names it among all journals. */
  readonly key: string;
  readonly #pid = process.pid;
  readonly #current: Int32Array;
  readonly #bytes: Buffer;

  private constructor() {
    // Its buffer keeps the block.
    const { address, buffer, byteOffset } = createBlock({
      kind: ObjectKind.journal,
      element: ElementType.char,
      byteLength: start + 2 * halfBytes,
    });
    this.key = keyOf(native.placeOf(address));
    this.#current = new Int32Array(buffer, byteOffset, 1);
    this.#bytes = Buffer.from(buffer, byteOffset);
    this.publish();
  }

  static #mine: Journal | undefined;

  /** This thread's; a forked child's is another, for it holds nothing. */
  static get mine(): Journal {
    const known = Journal.#mine;
    if (known !== undefined && known.#pid === process.pid) return known;
    return (Journal.#mine = new Journal());
  }

  /** Tells where an object was made. */
  addMade(place: ObjectPlace, site: string): void {
    const key = keyOf(place);
    // Its place may be that of an earlier one.
    this.#made.delete(key);
    this.#made.set(key, site);
    const [oldest] = this.#made.keys();
    if (this.#made.size > mostMade && oldest !== undefined) this.#made.delete(oldest);
    this.publish();
  }

  /** Shows others what there is. */
  publish(): void {
    const half = 1 - Atomics.load(this.#current, 0);
    const at = start + half * halfBytes;
    const end = at + this.#bytes.subarray(at, at + halfBytes - 1).write(this.#text());
    this.#bytes[end] = 0;
    Atomics.store(this.#current, 0, half);
  }

  #text(): string {
    for (;;) {
      const text = JSON.stringify({
        pid: this.#pid,
        thread: threadId,
        name: thisProcess().identity.name,
        holds: [...this.holds],
        waits: [...this.waits],
        made: [...this.#made],
      } satisfies Entry);
      if (Buffer.byteLength(text) < halfBytes) return text;
      // The oldest: most likely released by another thread, which cannot say so here.
      const [oldest] = this.holds;
      if (oldest !== undefined) this.holds.delete(oldest);
      else this.waits.delete([...this.waits].at(-1)!);
    }
  }
}

/** What a journal says; undefined when it was being written. */
export function readJournal(content: Uint8Array): Entry | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const at = start + bytes.readInt32LE(0) * halfBytes;
  try {
    return JSON.parse(bytes.toString('utf8', at, bytes.indexOf(0, at))) as Entry;
  } catch {
    return undefined;
  }
}
