// What a spawned process runs.
import { runTask } from './bootstrap.js';

void runTask();
