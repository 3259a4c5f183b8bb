// What a spawned process runs, and what a forked one goes on with. All of the package is loaded
// here: a task may bring objects of any of its classes.
import '../api.js';

import { runTask } from './bootstrap.js';

export { rehearse } from './bootstrap.js';

/** Runs the task in this process's descriptors. */
export function run(): void {
  void runTask();
}

if (require.main === module) run();
