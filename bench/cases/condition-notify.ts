/** `notify()` of a Condition that nobody waits for, with its lock held. */
import { Condition, Lock } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const condition = new Condition(new Lock());
condition.acquireSync();

measureBatches((count) => {
  for (let i = 0; i < count; i++) condition.notify();
});
