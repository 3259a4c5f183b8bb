// What a child goes on with when it has been made, in whatever way. All of the package is loaded here:
// a task may bring objects of any of its classes.
import '../api.js';

import { runTask } from './bootstrap.js';

export { rehearse } from './bootstrap.js';

/** Runs the task in this process's descriptors. */
export function run(): void {
  void runTask();
}
