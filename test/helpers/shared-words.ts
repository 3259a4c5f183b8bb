// A look at the words of shared objects, so that a test can wait until somebody really waits; and
// plain numbers in shared memory, through which the processes of a test report.
import { dropHandle } from '#internal/memory/handles';
import { native } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

import { until } from './watchdog.js';

const { waiters, stateLow, stateHigh, pending } = native.constants;

/** What can be acquired. */
export type Acquirable = mp.Lock | mp.RLock | mp.Semaphore;
export type Shared = Acquirable | mp.Barrier | mp.Condition | mp.Event | mp.Queue | mp.RWLock;

/** Where an object lies in this process. */
function addressOf(object: Shared): number {
  const handle = mp.share(object);
  const { segment, pid, descriptor, offset } = handle.place;
  dropHandle(handle);
  return native.attachSegment(segment, pid, descriptor) + offset;
}

interface Words {
  readonly low: number;
  readonly high: number;
}

/** Both halves of an object's state. */
export function wordsOf(object: Shared): Words {
  const view = new DataView(native.bytes(addressOf(object), native.constants.granule));
  return { low: view.getUint32(stateLow, true), high: view.getUint32(stateHigh, true) };
}

function hasWaiters(object: Shared): boolean {
  const { low, high } = wordsOf(object);
  // A semaphore that is not robust has its count in the low half, which is less than WAITERS.
  return ((object instanceof mp.Semaphore ? low | high : low) & waiters) !== 0;
}

/** Until somebody announced that it sleeps on the object. */
export async function untilAwaited(object: Shared): Promise<void> {
  await until('a waiter at the object', () => hasWaiters(object));
}

/** Nobody holds the lock, nobody is recorded as waiting for a hand-off. */
export function isUntouched(lock: mp.Lock | mp.RLock): boolean {
  const { low, high } = wordsOf(lock);
  return (low & native.constants.idMask) === 0 && (low & pending) === 0 && high === 0;
}

/** This thread holds the lock. */
export function isHeldHere(lock: mp.Lock): boolean {
  const { low } = wordsOf(lock);
  return (low & (native.constants.idMask | pending)) === native.selfAt(addressOf(lock));
}

/** A block of 32-bit numbers, as plain data. */
export interface CellsHandle {
  readonly segment: string;
  readonly pid: number;
  readonly descriptor: number;
  readonly offset: number;
  readonly count: number;
}

const cellBytes = 4;

/** Makes `count` cells, all 0. They are never freed. */
export function makeCells(count: number): { cells: Int32Array; handle: CellsHandle } {
  const { segment, pid, descriptor } = mp.share(new mp.Lock()).place;
  const handle = { segment, pid, descriptor, offset: native.allocate(count * cellBytes), count };
  return { cells: openCells(handle), handle };
}

/** The cells in this process; Atomics work on them between processes. */
export function openCells(handle: CellsHandle): Int32Array {
  const base = native.attachSegment(handle.segment, handle.pid, handle.descriptor);
  return new Int32Array(native.bytes(base + handle.offset, handle.count * cellBytes));
}
