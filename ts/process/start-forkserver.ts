// The start method `forkserver`: processes are forked from a server that has loaded the program.
//
// The server is started with the first process and again when it has ended. Where it cannot be forked
// the process is spawned instead, and a warning says why, once.
import { createRequire, isBuiltin } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { mainModule, type MainModule } from '../functions/main-module.js';
import { getLogger } from '../logging/log.js';
import { treeFile } from '../memory/memory.js';
import { native, type ForkRequest, type ForkserverRequest } from '../native/binding.js';
import { Child } from './child.js';
import { executablePath, preloadedModules } from './executable.js';
import { probeCode, type ForkserverSetup, type ForkTask } from './forkserver-setup.js';
import { inheritedOptions } from './spawn.js';
import { addStarter, starterOf, type TaskSeed } from './start-methods.js';
import { packTask } from './task.js';

/** How long the server may load the program before its children are spawned instead. */
const patienceMs = 30_000;

/** Whether no server can be forked in this process. */
let isHopeless = false;
const hasHope = (): boolean => !isHopeless;

const environmentNow = (): string[] =>
  Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);

/** The module that a name means in the main module: what the server imports. */
function locate(name: string, main: MainModule | undefined): string {
  if (isBuiltin(name)) return name;
  const from = main?.url.startsWith('file:') === true ? main.url : join(process.cwd(), 'program');
  try {
    return pathToFileURL(createRequire(from).resolve(name)).href;
  } catch {
    // A URL, or a name that only `import` understands; or none, which the server will say.
    return name;
  }
}

/** Starts a server unless there is one. */
function startServer(): void {
  const tree = treeFile();
  const main = mainModule();
  const preload = preloadedModules();
  const setup: ForkserverSetup = {
    entry: join(__dirname, 'child-main.js'),
    argv: process.argv,
    arena: tree.id,
    main: preload === undefined || preload.includes('__main__') ? main : undefined,
    preload: (preload ?? [])
      .filter((name) => name !== '__main__')
      .map((name) => locate(name, main)),
  };
  const program = executablePath();
  const request: ForkserverRequest = {
    program,
    arguments: [
      program,
      ...inheritedOptions(process.execArgv),
      join(__dirname, 'forkserver-main.js'),
    ],
    environment: environmentNow(),
    directory: process.cwd(),
    arena: tree.descriptor,
    setup: Buffer.from(JSON.stringify(setup)),
  };
  native.forkserverStart(request);
}

/** What the server says of itself within the time; false: it cannot be used. */
function isReady(waitMs: number): boolean | undefined {
  const { state, reason } = native.forkserverState(waitMs);
  if (state === 'ready') return true;
  if (state === 'starting' && waitMs === 0) return undefined;
  if (state === 'starting') native.forkserverStop();
  const ended = 'it ended while it loaded the program';
  const late = `it did not load the program within ${String(patienceMs)} ms`;
  giveUp(state === 'refused' ? reason : state === 'none' ? ended : late);
  return false;
}

function giveUp(reason: string): void {
  isHopeless = true;
  getLogger().info(`processes are spawned instead of forked from the forkserver: ${reason}`);
  process.emitWarning(`processes are spawned instead of forked from the forkserver: ${reason}`, {
    type: 'MultiprocessingWarning',
    code: 'ERR_MP_NO_FORKSERVER',
  });
}

let readying: Promise<boolean> | undefined;

/** Resolves when the server can be forked, or cannot be. */
async function ready(): Promise<boolean> {
  startServer();
  const now = isReady(0);
  if (now !== undefined) return now;
  readying ??= new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      resolve(isReady(1) === true);
    }, patienceMs);
    const look = (): void => {
      clearTimeout(timer);
      resolve(isReady(0) ?? false);
    };
    if (!native.onForkserver(look)) look();
  });
  try {
    return await readying;
  } finally {
    readying = undefined;
  }
}

/** The child, or undefined when the server has ended. */
function fork(request: Pick<ForkRequest, 'payload' | 'isDaemon'>, isProbe = false) {
  const task: ForkTask = { environment: environmentNow(), directory: process.cwd(), isProbe };
  return Child.fork({ ...request, arena: treeFile().descriptor, task: JSON.stringify(task) });
}

function forkFor(seed: TaskSeed): Child | undefined {
  const { id } = treeFile();
  const payload = packTask({ ...seed, arena: id, holder: native.selfAt(0) });
  return fork({ payload, isDaemon: seed.identity.isDaemon });
}

/** Whether a fork has been tried out in this process, and went well. */
let isProven = false;
const probeMs = 5000;

const probe = (): Child | undefined => fork({ payload: new Uint8Array(), isDaemon: true }, true);

/** Judges a probe that has ended, or had its time. */
function judge(child: Child): void {
  const status = child.poll();
  if (status?.code === probeCode) isProven = true;
  else if (status === undefined) giveUp(`a test fork hung for ${String(probeMs)} ms`);
  else
    giveUp(`a test fork ended with code ${String(status.code)}, signal ${String(status.signal)}`);
  if (status === undefined) child.signal(constants.signals.SIGKILL);
  child.forget();
}

async function prove(): Promise<void> {
  const child = isProven ? undefined : probe();
  if (child === undefined) return;
  await child.wait({ timeoutMs: probeMs, signal: undefined }, () => child.poll() !== undefined);
  judge(child);
}

function proveSync(): void {
  const child = isProven ? undefined : probe();
  if (child === undefined) return;
  child.waitSync(probeMs);
  judge(child);
}

/** Whether there is a server that needs not be waited for. */
const isAtHand = (): boolean => isProven && native.forkserverState(0).state === 'ready';

/** A server that ended is started again; one that ends each time is none. */
const attempts = 3;

async function start(seed: TaskSeed): Promise<Child> {
  for (let i = 0; i < attempts && hasHope(); i += 1) {
    if (!isAtHand()) {
      if (await ready()) await (proving ??= prove());
      proving = undefined;
    }
    const child = hasHope() ? forkFor(seed) : undefined;
    if (child !== undefined) return child;
  }
  return starterOf('spawn').start(seed);
}

/** The probe that is under way: processes that start meanwhile wait for it too. */
let proving: Promise<void> | undefined;

function startSync(seed: TaskSeed): Child {
  for (let i = 0; i < attempts && hasHope(); i += 1) {
    startServer();
    if (isReady(patienceMs) === true) proveSync();
    const child = hasHope() ? forkFor(seed) : undefined;
    if (child !== undefined) return child;
  }
  return starterOf('spawn').startSync(seed);
}

addStarter('forkserver', {
  whyNot: () => native.forkGate() || undefined,
  start,
  startSync,
});
