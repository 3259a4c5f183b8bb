// What a thread runs. All of the package is loaded here: a task may bring objects of any class.
import { workerData } from 'node:worker_threads';

import '../process/compile-cache.js';
import { bundled } from '../process/bundle.js';
import type * as bootstrap from './bootstrap.js';
import type { ThreadTask } from './task.js';

bundled('api.js');
const { runThread } = bundled('threads/bootstrap.js') as typeof bootstrap;
void runThread(workerData as ThreadTask);
