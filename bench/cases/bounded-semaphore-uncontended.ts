/** The same as semaphore-uncontended for a BoundedSemaphore, whose release checks the bound. */
import { BoundedSemaphore } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const semaphore = new BoundedSemaphore(1);

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    semaphore.acquireSync();
    semaphore.release();
  }
});
