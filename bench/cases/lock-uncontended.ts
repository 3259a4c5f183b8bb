/** `acquireSync()` and `release()` of a Lock that nobody else wants. */
import { Lock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const lock = new Lock();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    lock.acquireSync();
    lock.release();
  }
});
