/** `tryAcquire()` of a free Lock, and its release. */
import { Lock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const lock = new Lock();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    if (lock.tryAcquire()) lock.release();
  }
});
