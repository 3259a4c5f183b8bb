/** Writing and reading a Value of 'd'. */
import { Value } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const shared = new Value('d', 0);
let seen = 0;

measureBatches((count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    shared.value = i;
    sum += shared.value;
  }
  seen += sum;
});
if (Number.isNaN(seen)) throw new Error('not a number');
