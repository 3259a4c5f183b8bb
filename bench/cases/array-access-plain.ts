/** Reading and writing the elements of a plain Float64Array; one round is one element. */

import { measureBatches } from '../harness/batches.js';

const length = 1024;
const elements = new Float64Array(length);

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    const at = i & (length - 1);
    elements[at] = elements[at]! + 0.5;
  }
});
