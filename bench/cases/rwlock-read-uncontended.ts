/** `acquireSync()` and `release()` of the reader of an RWLock that nobody else uses. */
import { RWLock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const { reader } = new RWLock();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    reader.acquireSync();
    reader.release();
  }
});
