/** `set()` and `clear()` of an Event that nobody waits for. */
import { Event } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const event = new Event();

measureBatches((count) => {
  for (let i = 0; i < count; i++) {
    event.set();
    event.clear();
  }
});
