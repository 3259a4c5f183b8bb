/** The atomic addition of a Value of 'i'. */
import { Value } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const shared = new Value('i', 0);

measureBatches((count) => {
  for (let i = 0; i < count; i++) shared.add(1);
});
