// One line for each object: what it is, in which state, whose, and whether somebody waits for it.
import type { FoundSegment } from '../debug/segments.js';
import type { Holder, Situation } from '../debug/situation.js';
import { native, ObjectKind } from '../native/binding.js';
import type { SeenObject } from '../native/seen.js';

const { abandoned, broken, countMax, eventSet, pending, waiters } = native.constants;
const arrivedMask = 0xffff;

/** Who holds an object, as that thread itself says in the debug mode. */
export interface HolderRow {
  readonly pid: number;
  /** 0: the main thread. */
  readonly thread: number;
  readonly process: string;
  /** ISO 8601. */
  readonly since: string;
  readonly site: string;
}

/** A row of `ps`. */
export interface ObjectRow {
  readonly memory: string;
  readonly kind: string;
  readonly address: number;
  readonly state: string;
  /** `pid`, or `pid/tid` of a thread that is not its process's first; undefined when none owns it. */
  readonly owner: string | undefined;
  /** Undefined where an object cannot tell. */
  readonly waiters: string | undefined;
  /** Of threads in the debug mode: who holds it, since when, and where in the program. */
  readonly holders: readonly HolderRow[];
}

type Description = Pick<ObjectRow, 'kind' | 'state' | 'waiters'>;

const describers: Readonly<Record<number, (object: SeenObject) => Description>> = {
  [ObjectKind.lock]: (object) => describeLock('Lock', object),
  [ObjectKind.rlock]: (object) => describeLock('RLock', object),
  [ObjectKind.rwlock]: (object) => describeLock('RWLock writer', object),
  [ObjectKind.semaphore]: (object) => describeSemaphore(object),
  [ObjectKind.event]: ({ low }) => ({
    kind: 'Event',
    state: (low & eventSet) === 0 ? 'not set' : 'set',
    waiters: yesOrNo(low),
  }),
  [ObjectKind.barrier]: ({ low, high, maximum }) => ({
    kind: 'Barrier',
    state: (low & broken) === 0 ? `${String(maximum)} parties` : 'broken',
    waiters: String(high & arrivedMask),
  }),
  [ObjectKind.condition]: ({ waiting }) => ({
    kind: 'Condition',
    state: '',
    waiters: String(waiting),
  }),
  [ObjectKind.queue]: () => ({ kind: 'Queue', state: '', waiters: undefined }),
  [ObjectKind.value]: (object) => describeData('Value', object),
  [ObjectKind.array]: (object) => describeData('Array', object),
};

/** Kinds that hold data only. */
const data: readonly number[] = [ObjectKind.value, ObjectKind.array];

/** What objects are made of: what is not there yet, a file's own entry, what threads say. */
const inner: readonly number[] = [0, ObjectKind.name, ObjectKind.journal];

/** The objects of a segment; those that only hold data if `all` are wanted. */
export function rowsOf(segment: FoundSegment, situation: Situation, all: boolean): ObjectRow[] {
  return segment.objects
    .filter(({ kind }) => !inner.includes(kind) && (all || !data.includes(kind)))
    .map((object) => {
      const place = { segment: segment.id, offset: object.offset };
      const described = describe(object);
      const { length } = situation.waitsFor(place);
      return {
        memory: segment.memory,
        address: object.offset,
        owner: ownerOf(object),
        ...described,
        // Who says so waits for certain; without the debug mode only somebody does.
        waiters: length > 0 ? String(length) : described.waiters,
        holders: situation.holdersOf(place).map((holder) => holderOf(holder)),
      };
    });
}

function holderOf({ thread: { pid, thread, name }, hold: { since, site } }: Holder): HolderRow {
  return { pid, thread, process: name, since: new Date(since).toISOString(), site };
}

function describe(object: SeenObject): Description {
  const describer = describers[object.kind];
  if (describer !== undefined) return describer(object);
  return { kind: `kind ${String(object.kind)}`, state: '', waiters: undefined };
}

function describeLock(kind: string, { low, depth, owner, ownerLives }: SeenObject): Description {
  return { kind, state: lockState(), waiters: yesOrNo(low) };

  function lockState(): string {
    if (owner === undefined) return 'free';
    if (!ownerLives) return 'held, owner ended';
    if ((low & pending) !== 0) return 'being handed over';
    if ((low & abandoned) !== 0) return 'held, was abandoned';
    return depth > 1 && depth < waiters ? `held ${String(depth)} times` : 'held';
  }
}

function describeSemaphore({ low, high, maximum, isRobust }: SeenObject): Description {
  const free =
    maximum < countMax ? `${String(low)} of ${String(maximum)} free` : `${String(low)} free`;
  // A robust one has a maximum, bounded or not.
  const kind = maximum < countMax && !isRobust ? 'BoundedSemaphore' : 'Semaphore';
  return { kind, state: isRobust ? `${free}, robust` : free, waiters: yesOrNo(high) };
}

function describeData(kind: string, { byteLength }: SeenObject): Description {
  return { kind, state: `${String(byteLength)} bytes`, waiters: undefined };
}

function ownerOf({ owner, ownerLives }: SeenObject): string | undefined {
  if (owner === undefined || !ownerLives) return undefined;
  const { pid, tid } = owner;
  return pid === tid ? String(pid) : `${String(pid)}/${String(tid)}`;
}

/** Of a word in which WAITERS is the highest bit. */
function yesOrNo(word: number): string {
  return word >= waiters ? 'yes' : 'no';
}
