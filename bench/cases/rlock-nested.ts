/** `acquireSync()` and `release()` of an RLock that this thread holds already. */
import { RLock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const lock = new RLock();
lock.acquireSync();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    lock.release();
  }
});
