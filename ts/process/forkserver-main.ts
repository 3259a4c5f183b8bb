// The forkserver: a process that loads what its client wants loaded, then stands still and forks.
//
// Descriptors: 3 its socket, 4 its setup (JSON, a ForkserverSetup), 5 the tree's memory.
import './load-bundle.js';

import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { adoptMainModule, loadMain } from '../functions/main-module.js';
import { attachTree, openMemory } from '../memory/memory.js';
import { native } from '../native/binding.js';
import { becomeItself, prepareToFork, readyToFork, rehearseBirth } from './after-fork.js';
import { probeCode, type ForkserverSetup, type ForkTask } from './forkserver-setup.js';
import { becomeProcess, setImportingMain } from './this-process.js';

interface Entry {
  run(): unknown;
  /** Does what run() does first, without effect. */
  rehearse?(): Promise<void>;
}

const socket = 3;
const setupFile = 4;
const arenaFile = 5;

/** How long requests of the preloaded modules may take to finish. */
const patienceMs = 2000;
/** So many, and V8 has learnt what it learns without compiling to machine code. */
const rehearsals = 3;

async function serve(): Promise<void> {
  prepareToFork();
  // No descriptor of these is closed: what is opened next would get its number, which in the
  // children is another's.
  const setup = JSON.parse(readFileSync(setupFile, 'utf8')) as ForkserverSetup;
  becomeServer(setup);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- which module, the client says
  const entry = require(setup.entry) as Entry;
  try {
    await preload(setup);
  } catch (error) {
    refuse(`a preloaded module threw ${String(error)}`);
  }
  await settle();
  collectGarbage();
  readyToFork();
  for (let i = 0; i < rehearsals; i += 1) {
    rehearseBirth();
    if (setup.arena !== undefined) await entry.rehearse?.();
  }
  // From the event loop itself: nothing of the server's is on the stack of its children.
  setImmediate(forkAndRun, entry);
}

function becomeServer({ argv, arena, main }: ForkserverSetup): void {
  process.argv = [...argv];
  becomeProcess({
    identity: { name: 'forkserver', numbers: [], isDaemon: true, authkey: new Uint8Array() },
    parent: { name: 'MainProcess', pid: process.ppid },
  });
  if (arena !== undefined) {
    attachTree({ id: arena, descriptor: arenaFile });
    // So that its children need not make a window and compile the fast paths, each its own.
    openMemory();
  }
  if (main !== undefined) adoptMainModule(main);
}

async function preload({ main, preload: names }: ForkserverSetup): Promise<void> {
  setImportingMain(true);
  if (main?.runsInChildren === true) await loadMain(main);
  for (const name of names) await import(name);
  setImportingMain(false);
}

function forkAndRun(entry: Entry): void {
  const made = native.forkServe(socket);
  if (typeof made === 'string') process.exit(1);
  const task = JSON.parse(made.task) as ForkTask;
  becomeItself(made.pid, task);
  if (task.isProbe === true) void probe();
  else entry.run();
}

/** Uses what a fork that went wrong would lack: collected garbage, a timer, a thread of the pool. */
async function probe(): Promise<void> {
  let kept: unknown[] = [];
  for (let i = 0; i < 200_000; i += 1) {
    if (i % 20_000 === 0) kept = [];
    kept.push({ i });
  }
  await stat('/');
  await new Promise((resolve) => setTimeout(resolve, 1));
  // What the program has left for its end is not for this one.
  process.removeAllListeners('exit');
  // Joins all threads.
  process.exit(probeCode);
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
