// Ends its process while it is loaded: in a worker, before the first line of the task.
import { isMainThread } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

if (isMainThread && !mp.isMainProcess()) process.exit(7);

export const never = (): void => undefined;
