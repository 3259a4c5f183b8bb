/** `await acquire()` and `release()` of a free Lock: the price of the promise. */
import { Lock } from 'node-multiprocessing';
import { measureAsyncBatches } from '../harness/batches.js';

const lock = new Lock();

void measureAsyncBatches(async (count) => {
  for (let i = 0; i < count; i++) {
    await lock.acquire();
    lock.release();
  }
});
