/** `acquireSync()` and `release()` of a robust Semaphore that has a unit left. */
import { Semaphore } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const semaphore = new Semaphore(2, { robust: true });

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    semaphore.acquireSync();
    semaphore.release();
  }
});
