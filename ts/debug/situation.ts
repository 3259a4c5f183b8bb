// Who holds what and who waits for what, in all processes of this user that run in the debug mode, at
// one moment.
import { native, ObjectKind } from '../native/binding.js';
import type { SeenObject } from '../native/seen.js';
import {
  keyOf,
  readJournal,
  type Entry,
  type Hold,
  type ObjectPlace,
  type Wait,
} from './journal.js';
import { findSegments, type FoundSegment } from './segments.js';

const { idMask, pending } = native.constants;

/** A thread that says what it does. */
export interface Thread extends Entry {
  readonly key: string;
}

/** A shared object. */
export interface FoundObject {
  readonly segment: FoundSegment;
  readonly object: SeenObject;
}

/** Who holds an object. */
export interface Holder {
  readonly thread: Thread;
  readonly hold: Hold;
}

/** One moment. */
export class Situation {
  readonly threads: readonly Thread[];
  readonly #objects = new Map<string, FoundObject>();
  readonly #holders = new Map<string, Holder[]>();
  readonly #waits = new Map<string, Wait[]>();
  readonly #made = new Map<string, string>();
  readonly #signals = new Set<string>();

  constructor(segments = findSegments()) {
    const threads: Thread[] = [];
    for (const segment of segments) {
      for (const object of segment.objects) {
        const key = keyOf({ segment: segment.id, offset: object.offset });
        this.#objects.set(key, { segment, object });
        // Of a thread that has ended it may be left until its memory is needed.
        if (object.content === undefined || !object.ownerLives) continue;
        const entry = readJournal(object.content);
        if (entry !== undefined) threads.push({ ...entry, key });
      }
    }
    this.threads = threads;
    for (const thread of threads) this.#list(thread);
  }

  objectAt(place: ObjectPlace): FoundObject | undefined {
    return this.#objects.get(keyOf(place));
  }

  /** Who says to hold the object, and can be right. */
  holdersOf(place: ObjectPlace): readonly Holder[] {
    return this.#holders.get(keyOf(place)) ?? [];
  }

  /** Where it was made, if that is known. */
  madeAt(place: ObjectPlace): string | undefined {
    return this.#made.get(keyOf(place));
  }

  /** Whether others release the semaphore than those who acquire it: units are messages then. */
  isSignal(place: ObjectPlace): boolean {
    return this.#signals.has(keyOf(place));
  }

  waitsFor(place: ObjectPlace): readonly Wait[] {
    return this.#waits.get(keyOf(place)) ?? [];
  }

  #list(thread: Thread): void {
    for (const [key, site] of thread.made) this.#made.set(key, site);
    for (const hold of thread.holds) {
      if (hold.count < 0) this.#signals.add(keyOf(hold.place));
      else if (this.#isHeld(hold)) append(this.#holders, keyOf(hold.place), { thread, hold });
    }
    for (const wait of thread.waits) append(this.#waits, keyOf(wait.place), wait);
  }

  /** A thread does not hear that another has released its lock. */
  #isHeld({ place, self, mode }: Hold): boolean {
    const found = this.objectAt(place);
    if (found === undefined) return false;
    const { kind, low } = found.object;
    if (kind === ObjectKind.semaphore || mode === 'read') return true;
    return (low & idMask) === self && (low & pending) === 0;
  }
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
