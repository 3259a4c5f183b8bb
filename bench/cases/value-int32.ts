/** Writing and reading a Value of 'i'. */
import { Value } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const shared = new Value('i', 0);
let seen = 0;

measureBatches((count) => {
  let bits = 0;
  for (let i = 0; i < count; i++) {
    shared.value = i;
    bits ^= shared.value;
  }
  seen ^= bits;
});
if (seen !== (seen | 0)) throw new Error('not an integer');
