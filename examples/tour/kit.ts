// What the processes of the tour share: a lock, two semaphores and sixteen numbers.
import { native, type ObjectHandle } from '#internal/native/binding';
import * as mp from 'node-multiprocessing';

const numbersBytes = 64;

export interface Kit {
  readonly lock: mp.Lock;
  /** A process waits here for the common start. */
  readonly gate: mp.Semaphore;
  /** For at most two at a time. */
  readonly seats: mp.Semaphore;
  /**
   * Plain shared memory: `numbers[0]++` here is the same three machine instructions as in C. The
   * package's public way to have such numbers (`Value`, `Array`) is not there yet, hence the
   * internal imports in this file.
   */
  readonly numbers: Int32Array;
}

/** A kit as plain data, to be sent to another process. */
export interface KitHandle {
  readonly lock: mp.SharedHandle<mp.Lock>;
  readonly gate: mp.SharedHandle<mp.Semaphore>;
  readonly seats: mp.SharedHandle<mp.Semaphore>;
  readonly numbers: Pick<ObjectHandle, 'segment' | 'pid' | 'descriptor' | 'offset'>;
}

export interface SharedKit {
  readonly kit: Kit;
  readonly handle: KitHandle;
}

export function makeKit(): SharedKit {
  const objects = { lock: new mp.Lock(), gate: new mp.Semaphore(0), seats: new mp.Semaphore(2) };
  const offset = native.allocate(numbersBytes);
  const lock = mp.share(objects.lock);
  const { segment, pid, descriptor } = lock.place;
  return {
    kit: { ...objects, numbers: new Int32Array(native.bytes(offset, numbersBytes)) },
    handle: {
      lock,
      gate: mp.share(objects.gate),
      seats: mp.share(objects.seats),
      numbers: { segment, pid, descriptor, offset },
    },
  };
}

export function attachKit({ lock, gate, seats, numbers }: KitHandle): Kit {
  const base = native.attachSegment(numbers.segment, numbers.pid, numbers.descriptor);
  return {
    lock: mp.attach(lock),
    gate: mp.attach(gate),
    seats: mp.attach(seats),
    numbers: new Int32Array(native.bytes(base + numbers.offset, numbersBytes)),
  };
}
