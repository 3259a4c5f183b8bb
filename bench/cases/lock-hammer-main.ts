/**
 * A process that takes and releases a Lock as fast as it can: the crowd of the fairness cases,
 * which start it as their partner. Objects: the Lock, and a Semaphore whose units mean "stop".
 */
import type * as mp from 'node-multiprocessing';
import { ready, receive, receiveSetup } from '../harness/partner.js';

function hammer(lock: mp.Lock, stop: mp.Semaphore): void {
  while (!stop.tryAcquire()) {
    // The stop sign is read now and then only: the lock is to be under fire all the time.
    for (let i = 0; i < 256; i++) {
      lock.acquireSync();
      lock.release();
    }
  }
}

async function run(): Promise<void> {
  const [lock, stop] = (await receiveSetup()).objects as [mp.Lock, mp.Semaphore];
  const order = receive(process);
  ready();
  await order;
  hammer(lock, stop);
}

void run();
