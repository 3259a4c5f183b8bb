// This thread's access to shared memory: which back end serves it, and the objects in it.
import { invalidArgument, MultiprocessingError } from '../errors.js';
import { native, type ObjectHandle, type ObjectKind } from '../native/binding.js';
import { openPlainBackend } from './backend-plain.js';
import { openWasmBackend } from './backend-wasm.js';
import type { FastPaths } from './fast-paths.js';

/** What serves the uncontended paths: wasm, or JavaScript's Atomics. */
export type BackendName = 'wasm' | 'plain';

interface Backend {
  readonly name: BackendName;
  readonly paths: FastPaths;
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

function chooseBackend(): Backend {
  const wanted = process.env.NODE_MULTIPROCESSING_BACKEND ?? 'auto';
  if (!['auto', 'wasm', 'plain'].includes(wanted)) {
    throw invalidArgument(
      `NODE_MULTIPROCESSING_BACKEND is ${JSON.stringify(wanted)}; it must be 'wasm' or 'plain'`,
    );
  }
  if (wanted !== 'plain') {
    try {
      return { name: 'wasm', paths: openWasmBackend() };
    } catch (error) {
      if (error instanceof MultiprocessingError) throw error;
      // No room for the window in this process's address space: the other one needs none.
      if (wanted === 'wasm') throw noWindow(error);
    }
  }
  return { name: 'plain', paths: openPlainBackend() };
}

function noWindow(cause: unknown): MultiprocessingError {
  return new MultiprocessingError(
    'NODE_MULTIPROCESSING_BACKEND=wasm, but this process has no address space for its window ' +
      '(ulimit -v): raise the limit, or leave the choice to the package',
    { code: 'ERR_MP_ADDRESS_SPACE', cause },
  );
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
  /** Bytes in all, where one granule is not enough; zeroed. */
  readonly bytes?: number;
}

const unreachable = new FinalizationRegistry((address: number) => native.free(address));

/** The memory at the address is freed when `owner` is collected, unless it was shared until then. */
export function freeWhenUnreachable(owner: object, address: number): void {
  unreachable.register(owner, address, owner);
}

/** Frees the memory at the address now, unless it was shared; `owner` does not use it any more. */
export function release(owner: object, address: number): void {
  if (unreachable.unregister(owner)) native.free(address);
}

/** Makes an object in the tree's memory. It is freed when `owner` is collected, unless shared. */
export function createObject(owner: object, start: ObjectStart): number {
  openMemory();
  const { kind, flags = 0, maximum = 0, low = 0, bytes = 0 } = start;
  const address = native.createObject(kind, flags, maximum, low, bytes);
  freeWhenUnreachable(owner, address);
  return address;
}

/** The handle of an object. From now on others may reach it, so its memory stays. */
export function describeObject(owner: object, address: number): ObjectHandle {
  unreachable.unregister(owner);
  return native.describe(address);
}

/** Where the object of a handle is in this process. */
export function attachObject(handle: ObjectHandle): Place {
  const base = native.attachSegment(handle.segment, handle.pid, handle.descriptor);
  openMemory();
  const address = base + handle.offset;
  if (!native.isObject(address, handle.kind, handle.serial)) {
    throw new MultiprocessingError(
      'the shared object that this handle names does not exist any more',
      {
        code: 'ERR_MP_HANDLE_STALE',
      },
    );
  }
  return new Place(address);
}
