// Ends its process while it is loaded: in a worker, before the first line of the task. Its address
// says how: end-at-load.mjs?way=SIGKILL
import { isMainThread } from 'node:worker_threads';

import * as mp from 'node-multiprocessing';

import { endBy, type Way } from './endings.js';

const way = new URL(import.meta.url).searchParams.get('way') as Way;
if (isMainThread && !mp.isMainProcess()) endBy(way);

export const never = (): void => undefined;
