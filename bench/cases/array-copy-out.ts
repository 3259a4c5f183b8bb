/** Copying 1 MB out of an Array of bytes. */
import { SharedArray } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const bytes = 1_000_000;
const shared = new SharedArray('B', bytes);
const own = new Uint8Array(bytes).fill(1);

measureBatches((count) => {
  for (let i = 0; i < count; i++) own.set(shared);
});
