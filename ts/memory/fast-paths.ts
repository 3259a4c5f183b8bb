// The uncontended paths that both back ends offer. They never enter C++; what they cannot answer,
// native/sync can. Addresses are those of native/sync/address_space.h.

/** Uncontended operations on the words of shared objects. */
export interface FastPaths {
  /** 0: acquired; else the word as it was. */
  lockTryAcquire(address: number, self: number): number;
  /** `self`: released; else the slow path must look. */
  lockRelease(address: number, self: number): number;
  /** 0: acquired for an awaited owner; else the slow path must look. */
  rlockTryAwaited(address: number, self: number): number;
  /** 0: reads; 1: the cell is not this thread's; 2: a count was taken back, somebody is to know. */
  rwlockReadTry(cell: number, address: number, self: number): number;
  /** 0: released; 1: released, somebody is to be told; 2: not held. */
  rwlockReadRelease(cell: number, address: number, self: number): number;
  /** 0: inside; 1: the slow path must look; 2: likewise, and the lock is reserved. */
  rwlockWriteTry(address: number, self: number, cells: number): number;
  /** 0: released; else the slow path must look. */
  rwlockWriteRelease(address: number, self: number): number;
  /** 1: acquired; 0: the slow path must look. */
  semaphoreTryAcquire(address: number): number;
  /** 1: released; 0: the slow path must look. */
  semaphoreRelease(address: number, maximum: number): number;
  /** Of a robust one, looking from unit `start` on. 1: acquired; 0: the slow path must look. */
  robustTryAcquire(address: number, self: number, units: number, start: number): number;
  /** 0: released; 1: released, somebody is to be told; 2: not held. */
  robustRelease(address: number, self: number, units: number, start: number): number;
  /** 0: set; else the slow path must look. */
  eventSet(address: number): number;
  /** Clears the event; needs no slow path. */
  eventClear(address: number): void;
  /** Where in the chunk's data a payload belongs, with the lock; -1: the slow path must look; -2:
   * likewise, and the lock is still held. */
  ringTryPut(ring: number, self: number, bytes: number, chunk: number): number;
  /** Puts what was written. 0: done; else the slow path must finish. */
  ringEndPut(ring: number, self: number, bytes: number, tag: number): number;
  /** Both in one, for a number; negative as `ringTryPut`. */
  ringPutNumber(ring: number, self: number, chunk: number, value: number, tag: number): number;
  /** Where in the chunk's data the next record is, with the lock; negative as `ringTryPut`. */
  ringTryGet(ring: number, self: number, chunk: number): number;
  /** Takes that record. 0: done; else the slow path must finish. */
  ringEndGet(ring: number, self: number): number;
  /** The 32-bit word at the address, as a signed number. */
  load(address: number): number;
}
