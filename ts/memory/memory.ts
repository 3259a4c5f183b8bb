// This thread's access to shared memory: which back end serves it, and the objects in it.
import { invalidArgument, MultiprocessingError } from '../errors.js';
import { native, type ObjectHandle, type ObjectKind } from '../native/binding.js';
import { openPlainBackend } from './backend-plain.js';
import { openWasmBackend } from './backend-wasm.js';
import type { FastPaths } from './fast-paths.js';
import type { Words } from './words.js';

/** What serves the uncontended paths: wasm, or JavaScript's Atomics. */
export type BackendName = 'wasm' | 'plain';

interface Backend {
  readonly name: BackendName;
  readonly paths: FastPaths;
  /** The words of an object, at its address. */
  wordsAt(address: number): Words;
}

let backend: Backend | undefined;

/** The thread's back end; opens shared memory at the first call. */
export function openMemory(): Backend {
  if (backend === undefined) {
    native.openTree();
    backend = chooseBackend();
  }
  return backend;
}

/** In a process that was forked with shared memory open: its environment may want another one. */
export function reconsiderBackend(): void {
  const wanted = wantedBackend();
  if (wanted !== 'auto' && wanted !== backend?.name) backend = undefined;
}

const wantedBackend = (): string => process.env.NODE_MULTIPROCESSING_BACKEND ?? 'auto';

function chooseBackend(): Backend {
  const wanted = wantedBackend();
  if (!['auto', 'wasm', 'plain'].includes(wanted)) {
    throw invalidArgument(
      `NODE_MULTIPROCESSING_BACKEND is ${JSON.stringify(wanted)}; it must be 'wasm' or 'plain'`,
    );
  }
  if (wanted !== 'plain') {
    try {
      return { name: 'wasm', ...openWasmBackend() };
    } catch (error) {
      if (error instanceof MultiprocessingError) throw error;
      // No room for the window in this process's address space: the other one needs none.
      if (wanted === 'wasm') throw noWindow(error);
    }
  }
  return { name: 'plain', ...openPlainBackend() };
}

function noWindow(cause: unknown): MultiprocessingError {
  return new MultiprocessingError(
    'NODE_MULTIPROCESSING_BACKEND=wasm, but this process has no address space for its window ' +
      '(ulimit -v): raise the limit, or leave the choice to the package',
    { code: 'ERR_MP_ADDRESS_SPACE', cause },
  );
}

/** The memory of this process's tree, for a child. */
export interface TreeFile {
  readonly id: string;
  readonly descriptor: number;
}

export function treeFile(): TreeFile {
  native.openTree();
  return native.treeInfo();
}

/** Makes the memory behind one of this process's descriptors that of its tree. */
export function attachTree({ id, descriptor }: TreeFile): void {
  native.attachSegment(id, process.pid, descriptor);
}

/** An object's place in this process, given to constructors instead of their public options. */
export class Place {
  constructor(readonly address: number) {}
}

/** What a new synchronisation object starts as. */
export interface ObjectStart {
  readonly kind: ObjectKind;
  readonly flags?: number;
  /** Semaphore: the most units there may be. */
  readonly maximum?: number;
  /** Low half of the state: a semaphore's count. */
  readonly low?: number;
  /** Of an object that needs more than its first granule; the rest is zeroed. */
  readonly sizeBytes?: number;
}

const unreachable = new FinalizationRegistry((address: number) => native.drop(address));

/** This thread holds the object at the address until `owner` is collected. */
export function dropWhenUnreachable(owner: object, address: number): void {
  unreachable.register(owner, address, owner);
}

/** Drops the object at the address now; `owner` does not use it any more. */
export function release(owner: object, address: number): void {
  if (unreachable.unregister(owner)) native.drop(address);
}

/** Told of each synchronisation object that this thread makes, in the debug mode. */
let onCreate: ((address: number) => void) | undefined;

export function observeCreation(observer: (address: number) => void): void {
  onCreate = observer;
}

/** Makes an object in the tree's memory, which `owner` holds. */
export function createObject(owner: object, start: ObjectStart): number {
  openMemory();
  const { kind, flags = 0, maximum = 0, low = 0, sizeBytes } = start;
  const address = native.createObject(kind, flags, maximum, low, sizeBytes);
  dropWhenUnreachable(owner, address);
  onCreate?.(address);
  return address;
}

/** Makes a ring in the tree's memory, which `owner` holds; limits in items and in bytes. */
export function createRing(owner: object, mostItems: number, mostBytes: number): number {
  openMemory();
  const address = native.createRing(mostItems, mostBytes);
  dropWhenUnreachable(owner, address);
  return address;
}

/**
 * Where the object of a handle is in this process, which holds it once more: the caller gives that
 * to an owner, or drops it.
 */
export function attachObject(handle: ObjectHandle): Place {
  const base = native.attachSegment(handle.segment, handle.pid, handle.descriptor);
  openMemory();
  const { offset, kind, serial, holder, token } = handle;
  if (!native.attach(base + offset, kind, serial, holder, token)) throw isGone();
  return new Place(base + offset);
}

function isGone(): MultiprocessingError {
  return new MultiprocessingError(
    'the shared object that this handle names does not exist any more: nobody held it, and its ' +
      'sender has ended or has taken the handle back',
    { code: 'ERR_MP_HANDLE_STALE' },
  );
}

/** Takes a handle back that nobody will attach; does nothing when somebody has. */
export function withdrawHandle(handle: ObjectHandle): void {
  const base = native.attachSegment(handle.segment, handle.pid, handle.descriptor);
  const { offset, kind, serial, holder, token } = handle;
  native.withdraw(base + offset, kind, serial, holder, token);
}
