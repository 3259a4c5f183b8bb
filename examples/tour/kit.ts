// What the processes of the tour share: a lock, two semaphores and sixteen numbers.
import * as mp from 'node-multiprocessing';

const count = 16;

export interface Kit {
  readonly lock: mp.Lock;
  /** A process waits here for the common start. */
  readonly gate: mp.Semaphore;
  /** For at most two at a time. */
  readonly seats: mp.Semaphore;
  /** Plain shared memory: `numbers[0]++` is the same three machine instructions as in C. */
  readonly numbers: mp.RawArray<'i'>;
}

/** A kit as plain data, to be sent to another process. */
export interface KitHandle {
  readonly lock: mp.SharedHandle<mp.Lock>;
  readonly gate: mp.SharedHandle<mp.Semaphore>;
  readonly seats: mp.SharedHandle<mp.Semaphore>;
  readonly numbers: mp.SharedHandle<mp.RawArray<'i'>>;
}

export function makeKit(): Kit {
  const kit = {
    lock: new mp.Lock(),
    gate: new mp.Semaphore(0),
    seats: new mp.Semaphore(2),
    numbers: new mp.RawArray('i', count),
  };
  return kit;
}

/** One for each receiver. */
export const handleOf = ({ lock, gate, seats, numbers }: Kit): KitHandle => ({
  lock: mp.share(lock),
  gate: mp.share(gate),
  seats: mp.share(seats),
  numbers: mp.share(numbers),
});

export const attachKit = ({ lock, gate, seats, numbers }: KitHandle): Kit => ({
  lock: mp.attach(lock),
  gate: mp.attach(gate),
  seats: mp.attach(seats),
  numbers: mp.attach(numbers),
});
