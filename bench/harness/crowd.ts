/** Two processes that hammer one Lock: the setting of the fairness cases. */
import { join } from 'node:path';
import * as mp from 'node-multiprocessing';
import { measuredMs } from './clock.js';
import { dismiss, send, startPartner } from './partner.js';

export interface Crowd {
  readonly lock: mp.Lock;
  /** Stops the hammering; both processes then end by themselves. */
  readonly disperse: () => void;
}

export async function gatherCrowd(): Promise<Crowd> {
  const lock = new mp.Lock();
  const stop = new mp.Semaphore(0);
  const file = join(__dirname, '..', 'cases', 'lock-hammer-main.js');
  const hammers = [await startPartner(file, [lock, stop]), await startPartner(file, [lock, stop])];
  for (const hammer of hammers) send(hammer, 'go');
  return {
    lock,
    disperse: () => {
      stop.release(hammers.length);
      hammers.forEach(dismiss);
    },
  };
}

/** How many waits a fairness case measures: 300, fewer in a quick run. */
export function waitCount(): number {
  return measuredMs() >= 300 ? 300 : 100;
}

/** Waits that are not counted: the crowd gets going and the waiter's code is compiled. */
export const uncountedWaits = 20;
