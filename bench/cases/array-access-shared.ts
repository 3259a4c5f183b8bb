/** Reading and writing the elements of an Array of 'd'; one round is one element. */
import { SharedArray } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const length = 1024;
const elements = new SharedArray('d', length);

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    const at = i & (length - 1);
    elements[at] = elements[at]! + 0.5;
  }
});
