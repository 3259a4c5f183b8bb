// The fallback back end: ArrayBuffers over the shared memory, and Atomics. For runtimes and limits
// under which no window can be reserved (ulimit -v), and for platforms that cannot map into one.
import { native } from '../native/binding.js';
import type { FastPaths } from './fast-paths.js';
import type { Words } from './words.js';

/** Memory is viewed in pieces of this size, made when first touched: they are cheap, and a view of
 * everything would count as a gigabyte of external memory for the garbage collector. */
const chunkShift = 20;
export const chunkBytes = 1 << chunkShift;
const wordMask = (chunkBytes >> 2) - 1;

const { awaited, stateHigh, depth, eventSet, eventSequence } = native.constants;
const { robustUnits, rwlockCells, rwlockClaimed, rwlockTorn, rwlockWriter } = native.constants;
const wordBytes = 4;
const highIndex = stateHigh >> 2;
const depthIndex = depth >> 2;

const chunks: Int32Array<ArrayBuffer>[] = [];

/** The piece of memory that holds the address, as words. */
export function chunkOf(address: number): Int32Array<ArrayBuffer> {
  return chunks[address >>> chunkShift] ?? openChunk(address >>> chunkShift);
}

function openChunk(index: number): Int32Array<ArrayBuffer> {
  const chunk = new Int32Array(native.chunk(index * chunkBytes, chunkBytes));
  chunks[index] = chunk;
  return chunk;
}

function indexOf(address: number): number {
  return (address >>> 2) & wordMask;
}

function load(address: number): number {
  return Atomics.load(chunkOf(address), indexOf(address));
}

function store(address: number, value: number): void {
  Atomics.store(chunkOf(address), indexOf(address), value);
}

/** The same steps as native/wasm/fast-paths.wat, in JavaScript. */
const plainPaths: FastPaths = {
  lockTryAcquire(address, self) {
    return Atomics.compareExchange(chunkOf(address), indexOf(address), 0, self);
  },

  lockRelease(address, self) {
    return Atomics.compareExchange(chunkOf(address), indexOf(address), self, 0);
  },

  rlockTryAwaited(address, self) {
    const chunk = chunkOf(address);
    const index = indexOf(address);
    const seen = Atomics.compareExchange(chunk, index, 0, self);
    if (seen === 0) chunk[index + depthIndex] = awaited;
    return seen;
  },

  // A cell's holds are its low half, its thread's id the high half; only that thread changes them.
  rwlockReadTry(cell, address, self) {
    const chunk = chunkOf(cell);
    const index = indexOf(cell);
    if (chunk[index + 1] !== self) return 1;
    if (Atomics.add(chunk, index, 1) !== 0 || load(address) === 0) return 0;
    Atomics.sub(chunk, index, 1);
    return 2;
  },

  rwlockReadRelease(cell, address, self) {
    const chunk = chunkOf(cell);
    const index = indexOf(cell);
    if (chunk[index + 1] !== self || chunk[index] === 0) return 2;
    Atomics.sub(chunk, index, 1);
    return load(address) === 0 ? 0 : 1;
  },

  rwlockWriteTry(address, self, cells) {
    if (Atomics.compareExchange(chunkOf(address), indexOf(address), 0, self) !== 0) return 1;
    if (load(address + rwlockClaimed) !== 0) {
      for (let cell = address + rwlockCells, i = 0; i < cells; i++, cell += 8) {
        if (load(cell) !== 0) return 2;
      }
    }
    store(address + rwlockWriter, self);
    return 0;
  },

  rwlockWriteRelease(address, self) {
    if (load(address + rwlockWriter) !== self || load(address + rwlockTorn) !== 0) return 1;
    store(address + rwlockWriter, 0);
    if (Atomics.compareExchange(chunkOf(address), indexOf(address), self, 0) === self) return 0;
    store(address + rwlockWriter, self);
    return 1;
  },

  // Atomics on 64 bits make BigInts, which cost more than all else here. So the count is changed
  // alone; native/sync/semaphore.h says why the high half may be looked at after that.
  semaphoreTryAcquire(address) {
    const chunk = chunkOf(address);
    const index = indexOf(address);
    let count = Atomics.load(chunk, index);
    while (count !== 0) {
      const seen = Atomics.compareExchange(chunk, index, count, count - 1);
      if (seen === count) return 1;
      count = seen;
    }
    return 0;
  },

  semaphoreRelease(address, maximum) {
    const chunk = chunkOf(address);
    const index = indexOf(address);
    let count = Atomics.load(chunk, index);
    for (;;) {
      if (Atomics.load(chunk, index + highIndex) !== 0 || count >= maximum) return 0;
      const seen = Atomics.compareExchange(chunk, index, count, count + 1);
      if (seen === count) break;
      count = seen;
    }
    // A waiter that announced itself in between saw a count of 0 and may sleep.
    if (Atomics.load(chunk, index + highIndex) !== 0) native.semaphoreNotify(address);
    return 1;
  },

  robustTryAcquire(address, self, units, start) {
    // WAITERS is the sign; a request above it: whoever starves goes first.
    if ((load(address) | -load(address + stateHigh)) < 0) return 0;
    for (let i = 0; i < units; i++) {
      const unit = address + robustUnits + ((start + i) % units) * wordBytes;
      const chunk = chunkOf(unit);
      const index = indexOf(unit);
      const isFree = Atomics.load(chunk, index) === 0;
      if (isFree && Atomics.compareExchange(chunk, index, 0, self) === 0) return 1;
    }
    return 0;
  },

  robustRelease(address, self, units, start) {
    for (let i = 0; i < units; i++) {
      const unit = address + robustUnits + ((start + i) % units) * wordBytes;
      if (load(unit) !== self) continue;
      store(unit, 0);
      return load(address) < 0 ? 1 : 0;
    }
    return 2;
  },

  eventSet(address) {
    const chunk = chunkOf(address);
    const index = indexOf(address);
    const low = Atomics.load(chunk, index);
    if (low < 0) return 1;
    const next = (low & eventSet) === 0 ? low + 1 : low;
    return Atomics.compareExchange(chunk, index, low, next) === low ? 0 : 1;
  },

  eventClear(address) {
    const chunk = chunkOf(address);
    const index = indexOf(address);
    let low = Atomics.load(chunk, index);
    while ((low & eventSet) !== 0) {
      const seen = Atomics.compareExchange(chunk, index, low, (low + 1) & eventSequence);
      if (seen === low) return;
      low = seen;
    }
  },

  // Marks have 64 bits, whose Atomics make BigInts: a native call is cheaper.
  ringTryPut: () => -1,
  ringPutNumber: () => -1,
  ringTryGet: () => -1,

  ringEndPut(ring, ...[, bytes, tag]) {
    native.ringEndPut(ring, bytes, tag);
    return 0;
  },

  ringEndGet(ring) {
    native.ringEndGet(ring);
    return 0;
  },

  load,
};

/** The back end of this thread. */
export function openPlainBackend(): { paths: FastPaths; wordsAt(address: number): Words } {
  return {
    paths: plainPaths,
    wordsAt: (address) => ({ array: chunkOf(address), index: indexOf(address) }),
  };
}
