/** `acquireSync()` and `release()` of a Semaphore that has a unit left. */
import { Semaphore } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const semaphore = new Semaphore(1);

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    semaphore.acquireSync();
    semaphore.release();
  }
});
