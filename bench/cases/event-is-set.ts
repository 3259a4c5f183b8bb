/** `isSet()` of an Event that nobody changes. */
import { Event } from 'node-multiprocessing';
import { measureBatches } from '../harness/batches.js';

const event = new Event();
let seen = 0;

measureBatches((count) => {
  for (let i = 0; i < count; i++) if (event.isSet()) seen++;
});
if (seen !== 0) throw new Error('somebody set the event');
