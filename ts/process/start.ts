// What happens at start(): the checks, and the object as a task for its child.
import { discard, encode, forsakeMessage } from '../codec/codec.js';
import { MultiprocessingError, ProcessStateError } from '../errors.js';
import { forkGeneration } from '../memory/forked.js';
import { mainModule } from '../functions/main-module.js';
import { getLogger, logSettings } from '../logging/log.js';
import { native } from '../native/binding.js';
import type { Child } from './child.js';
import type { ProcessRecord } from './record.js';
import { exitCodeOf } from './result.js';
import { forkerOf, methodForChild, starterOf, type TaskSeed } from './start-methods.js';
import type { Work } from './task.js';
import { isImportingMain, isOwnThread, thisProcess } from './this-process.js';

/** Checks that a process may start now. */
export function checkStart(record: ProcessRecord): void {
  if (record.isCurrent)
    throw new ProcessStateError('this process runs already: it is the current one');
  if (record.generation !== forkGeneration()) {
    throw new ProcessStateError(
      'a process can only be started by the process that made the object: this one was forked since',
    );
  }
  if (record.child !== undefined || record.starting !== undefined)
    throw new ProcessStateError('a process cannot be started twice');
  checkMayStart();
}

/** Checks that this process may have children now. */
export function checkMayStart(): void {
  // First: a worker of a pool is a daemon, and what its user forgot is the guard.
  checkBootstrap('process');
  if (thisProcess().identity.isDaemon) {
    throw new MultiprocessingError(
      'daemonic processes are not allowed to have children: start this process with daemon: false',
      { code: 'ERR_MP_DAEMON_CHILD' },
    );
  }
}

/** Throws while this process, or thread, still runs the main module again. */
export function checkBootstrap(started: 'process' | 'thread'): void {
  if (isImportingMain()) throw bootstrapping(started);
}

function bootstrapping(started: 'process' | 'thread'): MultiprocessingError {
  const here = isOwnThread() ? 'a thread' : 'a child';
  return new MultiprocessingError(
    `a ${started} was started while this one, ${here}, is still importing the main module. ` +
      'The main module runs again in every child and thread, so what starts them must be ' +
      'guarded:\n\n' +
      '    if (isMainProcess()) {\n' +
      '      const process = new Process({ target });\n' +
      '      await process.start();\n' +
      '    }\n',
    { code: 'ERR_MP_BOOTSTRAP' },
  );
}

/** Starts the process; its task is serialised now, unless it is forked. */
export function launch(self: object, record: ProcessRecord, work: Work): Child | Promise<Child> {
  const forker = forkerOf(record.method);
  if (forker !== undefined) return forker.fork({ self, ...bornFrom(record) });
  const seed = seedOf(record, work);
  const started = orDiscard(seed, () => starterOf(record.method).start(seed));
  if (!(started instanceof Promise)) return watched(started, seed.work);
  return started.then((child) => watched(child, seed.work));
}

/** As {@link launch}, at once. */
export function launchSync(record: ProcessRecord, work: Work): Child {
  if (forkerOf(record.method) !== undefined) throw notAtOnce();
  const seed = seedOf(record, work);
  return watched(
    orDiscard(seed, () => starterOf(record.method).startSync(seed)),
    seed.work,
  );
}

/** What `start` gives; when it fails nobody will read the task. */
function orDiscard<T>(seed: TaskSeed, start: () => T): T {
  const fail = (error: unknown): never => {
    discard(seed.work);
    throw error;
  };
  try {
    const started = start();
    return started instanceof Promise ? (started.catch(fail) as T) : started;
  } catch (error) {
    return fail(error);
  }
}

/** What the child has not made its own when it ends is nobody's: who waits for that is to hear. */
function watched(child: Child, work: Uint8Array): Child {
  const stop = child.onNews(() => {
    if (child.poll() === undefined && !child.hasStarted) return;
    stop();
    if (!child.hasStarted) forsakeMessage(work);
  });
  return child;
}

function notAtOnce(): MultiprocessingError {
  return new MultiprocessingError(
    'startSync() cannot fork this process: the calls that are under way would go on in the child, ' +
      'too. await start() instead',
    { code: 'ERR_MP_FORK_REFUSED' },
  );
}

/** Who the child will be, and whose. */
function bornFrom({ name, numbers, isDaemon, authkey, method }: ProcessRecord) {
  return {
    identity: { name, numbers, isDaemon, authkey },
    parent: { name: thisProcess().identity.name, pid: process.pid },
    startMethod: methodForChild(method),
  };
}

function seedOf(record: ProcessRecord, work: Work): TaskSeed {
  return {
    ...bornFrom(record),
    argv: process.argv,
    log: logSettings(),
    main: mainModule(),
    work: encodeWork(work),
  };
}

/** What is to be done, as a message. */
export function encodeWork(work: Work): Uint8Array {
  // One message, so that an object that appears twice arrives as one; named as the user calls them.
  const { type, target, args, fields } = work;
  return encode({ type, target, args, fields }, { label: '' });
}

/** When a child has ended: what only it could reach goes. */
export function afterEnd(child: Child, name: string, done: () => void): void {
  const title = `process ${name}, pid ${String(child.pid)},`;
  getLogger().debug(`${title} has started`);
  const forget = child.onNews(() => {
    const status = child.poll();
    if (status === undefined) return;
    forget();
    getLogger().debug(`${title} has ended with exit code ${String(exitCodeOf(status))}`);
    const bytes = native.sweep();
    if (bytes > 0) getLogger().debug(`${String(bytes)} bytes of shared memory came back`);
    done();
  });
}
