// Loads the debug mode, when it is asked for; else nothing of it is loaded, and nothing is slower.
import type * as trace from './trace.js';

const wanted = process.env.NODE_MULTIPROCESSING_DEBUG;
if (wanted !== undefined && wanted !== '') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above: not at the top
  (require('./trace.js') as typeof trace).traceLocks(wanted);
}
