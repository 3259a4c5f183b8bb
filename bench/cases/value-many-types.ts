/** Writing and reading a Value of 'i' in a program that uses Values of many other types too. */
import { RawValue, Value } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

for (const type of ['b', 'B', 'h', 'H', 'I', 'f', 'd'] as const) {
  const other = new Value(type, 0);
  const raw = new RawValue(type, 0);
  for (let i = 0; i < 1e5; i++) {
    other.value = i & 0x7f;
    raw.value = other.value;
  }
}

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
