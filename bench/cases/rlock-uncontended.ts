/** `acquireSync()` and `release()` of an RLock that nobody else wants. */
import { RLock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const lock = new RLock();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    lock.release();
  }
});
