// The forkserver: a process that loads what its client wants loaded, then stands still and forks.
//
// Descriptors: 3 its socket, 4 its setup (JSON, a ForkserverSetup), 5 the tree's memory.
import { closeSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { native } from '../native/binding.js';
import { becomeItself, type Surroundings } from './after-fork.js';
import { replaceRandom } from './randomness.js';

/** What the server is told at its start. */
export interface ForkserverSetup {
  /** Modules to load, as `import()` takes them. */
  readonly preload: readonly string[];
  /** Path of the CommonJS module whose `run()` each child calls. */
  readonly entry: string;
  readonly argv: readonly string[];
}

interface Entry {
  run(): unknown;
}

const socket = 3;
const setupFile = 4;

/** Turns of the event loop that requests of the preloaded modules may take to finish. */
const patienceMs = 2000;

async function serve(): Promise<void> {
  replaceRandom();
  const setup = JSON.parse(readFileSync(setupFile, 'utf8')) as ForkserverSetup;
  closeSync(setupFile);
  process.argv = [...setup.argv];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- which module, the client says
  const entry = require(setup.entry) as Entry;
  try {
    for (const name of setup.preload) await import(name);
  } catch (error) {
    refuse(`a preloaded module threw ${String(error)}`);
  }
  await settle();
  collectGarbage();
  // From the event loop itself: nothing of the server's is on the stack of its children.
  setImmediate(forkAndRun, entry);
}

function forkAndRun(entry: Entry): void {
  const made = native.forkServe(socket);
  if (typeof made === 'string') process.exit(1);
  becomeItself(made.pid, JSON.parse(made.task) as Surroundings);
  entry.run();
}

/** Waits until no request of a preloaded module is under way, and nothing open is left. */
async function settle(): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const open = native.forkObstacle();
    if (open === '') return;
    if (performance.now() > deadlineMs) refuse(`a preloaded module left ${open} open`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function refuse(reason: string): never {
  native.forkRefuse(socket, reason);
  process.exit(1);
}

/** What is garbage now would be copied into each child that touches it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}

void serve();
