// One line for each object: what it is, in which state, whose, and whether somebody waits for it.
import { native, ObjectKind, type SeenObject } from '../native/binding.js';
import type { FoundSegment } from './segments.js';

const { abandoned, broken, countMax, eventSet, pending, waiters } = native.constants;
const arrivedMask = 0xffff;

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
}

type Description = Pick<ObjectRow, 'kind' | 'state' | 'waiters'>;

const describers: Readonly<Record<number, (object: SeenObject) => Description>> = {
  [ObjectKind.lock]: (object) => describeLock('Lock', object),
  [ObjectKind.rlock]: (object) => describeLock('RLock', object),
  [ObjectKind.rwlock]: (object) => describeLock('RWLock writer', object),
  [ObjectKind.semaphore]: ({ low, high, maximum }) => ({
    kind: maximum < countMax ? 'BoundedSemaphore' : 'Semaphore',
    state: maximum < countMax ? `${String(low)} of ${String(maximum)} free` : `${String(low)} free`,
    waiters: yesOrNo(high),
  }),
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
  [ObjectKind.condition]: ({ low }) => ({ kind: 'Condition', state: '', waiters: yesOrNo(low) }),
  [ObjectKind.queue]: () => ({ kind: 'Queue', state: '', waiters: undefined }),
  [ObjectKind.value]: (object) => describeData('Value', object),
  [ObjectKind.array]: (object) => describeData('Array', object),
};

/** Kinds that hold data only. */
const data: readonly number[] = [ObjectKind.value, ObjectKind.array];

/** The file's own entry, which says what its objects are. */
const nameKind = 12;

/** The objects of a segment; those that only hold data if `all` are wanted. */
export function rowsOf(segment: FoundSegment, all: boolean): ObjectRow[] {
  return segment.objects
    .filter(({ kind }) => kind !== 0 && kind !== nameKind && (all || !data.includes(kind)))
    .map((object) => ({
      memory: segment.memory,
      address: object.offset,
      owner: ownerOf(object),
      ...describe(object),
    }));
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
