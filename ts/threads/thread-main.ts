// What a thread runs. All of the package is loaded here: a task may bring objects of any class.
import { workerData } from 'node:worker_threads';

import '../api.js';

import { runThread } from './bootstrap.js';
import type { ThreadTask } from './task.js';

void runThread(workerData as ThreadTask);
