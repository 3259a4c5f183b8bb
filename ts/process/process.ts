// Process: runs a function in a process of its own.
import { constants } from 'node:os';
import { inspect } from 'node:util';

import { discard } from '../codec/codec.js';
import { invalidArgument, ProcessStateError } from '../errors.js';
import { native } from '../native/binding.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { checkOptions, methodOf, type ProcessOptions } from './options.js';
import { addActive, removeActive } from './active.js';
import { Child } from './child.js';
import { childOf, newRecord, recordOf, setRecord, type ProcessRecord } from './record.js';
import { exitCodeOf, takeResult } from './result.js';
import { afterEnd, checkStart, launch, launchSync } from './start.js';
import type { Work } from './task.js';
import { thisProcess } from './this-process.js';

/** What is left of a started process when nobody can ask for it any more. */
const unreachable = new FinalizationRegistry((child: Child) => {
  if (child.result !== undefined) discard(child.result);
  child.forget();
});

/**
 * A process of its own that runs a function, or `run()` of a subclass.
 *
 * Source: CPython's
 * {@link https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process | Process};
 * beyond it, `result()` gives what the function returned.
 *
 * @example
 * ```ts
 * export function square(x: number) { return x * x; }
 *
 * if (isMainProcess()) {
 *   const process = new Process({ target: square, args: [7] });
 *   await process.start();
 *   console.log(await process.result()); // 49
 * }
 * ```
 *
 * @public
 */
export class Process<T = unknown, A extends readonly unknown[] = never[]> {
  /**
   * @param options - see {@link ProcessOptions}
   * @throws TypeError when an option is of the wrong type
   */
  constructor(options: ProcessOptions<T, A> = {}) {
    checkOptions(options);
    const { identity } = thisProcess();
    const numbers = [...identity.numbers, native.nextChildNumber()];
    const record = newRecord({
      name: options.name ?? `${new.target.name || 'Process'}-${numbers.join(':')}`,
      isDaemon: options.daemon ?? identity.isDaemon,
      authkey: identity.authkey,
      numbers,
      target: options.target,
      args: [...(options.args ?? [])],
      method: methodOf(options.context),
    });
    setRecord(this, record);
  }

  /**
   * What runs in the process: calls the target. Overridden by subclasses; may be async. Called
   * directly it runs here.
   */
  run(): unknown {
    const { target, args } = recordOf(this);
    return (target as ((...args: readonly unknown[]) => unknown) | undefined)?.(...args);
  }

  /**
   * Starts the process; resolves when it exists. Arguments are copied, and the environment, the
   * working directory and `process.argv` taken, at the call.
   *
   * @throws ProcessStateError when it was started before
   * @throws NotImportableError for a target that is not exported; NotCloneableError for arguments
   * that cannot be sent
   * @throws MultiprocessingError `ERR_MP_BOOTSTRAP` when the main module lacks its guard,
   * `ERR_MP_DAEMON_CHILD` in a daemon
   * @throws SystemCallError when the system refuses
   */
  async start(): Promise<void> {
    const record = recordOf(this);
    const launched = launch(this, record, workOf(this, record));
    if (launched instanceof Child) {
      hasStarted(this, record, launched);
      return;
    }
    record.starting = follow(this, record, launched);
    await record.starting;
  }

  /** As {@link Process.start}, at once. */
  startSync(): void {
    const record = recordOf(this);
    hasStarted(this, record, launchSync(record, workOf(this, record)));
  }

  /**
   * Waits until the process has ended.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when it has ended, false when the timeout passed
   * @throws ProcessStateError when it was not started
   * @throws the signal's reason when it is aborted
   */
  async join(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('join', options);
    const record = recordOf(this);
    if (record.starting !== undefined) await startSettled(record);
    const child = childToJoin(record);
    return child.wait(wait, () => child.poll() !== undefined);
  }

  /** As {@link Process.join}, blocking the thread. */
  joinSync(options?: WaitOptions): boolean {
    const timeoutMs = checkWait('joinSync', options);
    return childToJoin(recordOf(this)).waitSync(timeoutMs);
  }

  /**
   * What the target, or `run()`, returned.
   *
   * @throws what it threw: an error of a class that is known here, or a RemoteError
   * @throws ProcessError when the process ended without returning
   * @throws ProcessStateError when it was not started
   */
  async result(): Promise<T> {
    const record = recordOf(this);
    if (record.starting !== undefined) await startSettled(record);
    const child = childOf(record, 'only a started process has a result');
    unreachable.unregister(record);
    record.result ??= takeResult(record.name, child);
    return record.result as Promise<T>;
  }

  /** Whether the process runs now. */
  isAlive(): boolean {
    const { isCurrent, child } = recordOf(this);
    return isCurrent || (child !== undefined && child.poll() === undefined);
  }

  /** Ends the process with SIGTERM. What it holds is abandoned; its own children end too. */
  terminate(): void {
    signal(recordOf(this), constants.signals.SIGTERM);
  }

  /** Ends the process with SIGKILL, which it cannot handle. */
  kill(): void {
    signal(recordOf(this), constants.signals.SIGKILL);
  }

  /** Sends SIGINT to the process, as Ctrl-C does. */
  interrupt(): void {
    signal(recordOf(this), constants.signals.SIGINT);
  }

  /**
   * Gives up what the object holds of the system; afterwards it cannot be used. Repeatable.
   *
   * @throws ProcessStateError while the process runs
   */
  close(): void {
    const record = closing(this);
    if (record === undefined) return;
    const { child } = record;
    if (child !== undefined && child.poll() === undefined) {
      throw new ProcessStateError(
        `process ${record.name} cannot be closed while it runs: join() or terminate() it first`,
      );
    }
    record.isClosed = true;
    if (child === undefined) return;
    unreachable.unregister(record);
    if (record.result === undefined && child.result !== undefined) discard(child.result);
    child.forget();
  }

  /** Waits until the process has ended: `await using process = …`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const record = closing(this);
    if (record?.child !== undefined) await this.join();
  }

  /** Its name; any text, which says nothing to the library. */
  get name(): string {
    return recordOf(this).name;
  }

  set name(name: string) {
    if (typeof name !== 'string') throw invalidArgument('name must be a string');
    recordOf(this).name = name;
  }

  /** Whether it ends when its parent does, instead of keeping it; set before the start. */
  get daemon(): boolean {
    return recordOf(this).isDaemon;
  }

  set daemon(daemon: boolean) {
    if (typeof daemon !== 'boolean') throw invalidArgument('daemon must be true or false');
    const record = recordOf(this);
    if (record.child !== undefined || record.isCurrent) {
      throw new ProcessStateError('daemon can only be set before the process has started');
    }
    record.isDaemon = daemon;
  }

  /** Number of the process in the system; null before the start. */
  get pid(): number | null {
    const { isCurrent, child } = recordOf(this);
    return isCurrent ? process.pid : (child?.pid ?? null);
  }

  /** The same as {@link Process.pid}. */
  get ident(): number | null {
    return this.pid;
  }

  /**
   * null before the end; then the exit code (0 … 255), or -9 when signal 9 ended it.
   */
  get exitCode(): number | null {
    const status = recordOf(this).child?.poll();
    return status === undefined ? null : exitCodeOf(status);
  }

  /** Secret bytes that children inherit, with which Listener and Client know each other. */
  get authkey(): Uint8Array {
    return recordOf(this).authkey;
  }

  set authkey(authkey: Uint8Array) {
    if (!(authkey instanceof Uint8Array)) {
      throw invalidArgument('authkey must be bytes: a Buffer or Uint8Array');
    }
    recordOf(this).authkey = new Uint8Array(authkey);
  }

  /**
   * A file descriptor that becomes readable when the process has ended.
   *
   * @throws ProcessStateError before the start
   */
  get sentinel(): number {
    return childOf(recordOf(this), 'a process has a sentinel once it is started').sentinel;
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    return describe(this);
  }
}

/** What the child shall do, if it may start now. */
function workOf(self: Process, record: ProcessRecord): Work {
  checkStart(record);
  const { target, args } = record;
  const type = isOwnClass(self.constructor) ? undefined : self.constructor;
  return { type, target, args, fields: { ...(self as object) } };
}

/** A start that takes its time: others may wait for it too. */
async function follow(
  self: object,
  record: ProcessRecord,
  launched: Promise<Child>,
): Promise<void> {
  try {
    hasStarted(self as Process, record, await launched);
  } finally {
    record.starting = undefined;
  }
}

/** Until a start that is under way has come to its end; its failure is the caller's of start(). */
async function startSettled({ starting }: ProcessRecord): Promise<void> {
  await starting?.catch(() => undefined);
}

function hasStarted(self: Process, record: ProcessRecord, child: Child): void {
  record.child = child;
  record.target = undefined;
  record.args = [];
  addActive(self);
  unreachable.register(self, child, record);
  const held = new WeakRef(self);
  afterEnd(child, record.name, () => {
    const ended = held.deref();
    if (ended !== undefined) removeActive(ended);
  });
}

/** Classes of this package: they need not travel, every process has them. */
const ownClasses = new WeakSet();

/** Says that a class is one that every process has. */
export function addOwnClass(own: object): void {
  ownClasses.add(own);
}

function isOwnClass(type: object): boolean {
  return type === Process || ownClasses.has(type);
}

function childToJoin(record: ProcessRecord): Child {
  if (record.isCurrent) throw new ProcessStateError('a process cannot join itself');
  return childOf(record, 'only a started process can be joined');
}

function signal(record: ProcessRecord, number: number): void {
  if (record.isCurrent) process.kill(process.pid, number);
  else childOf(record, 'only a started process can be ended').signal(number);
}

/** The state, unless the object is closed already. */
function closing(self: object): ProcessRecord | undefined {
  try {
    return recordOf(self);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MP_CLOSED') return undefined;
    throw error;
  }
}

function describe(self: Process): string {
  const type = self.constructor.name || 'Process';
  const record = closing(self);
  if (record === undefined) return `${type} { closed }`;
  const { name, daemon, pid } = self;
  const state = record.isCurrent ? 'started' : stateOf(self, record.child);
  const parts = [`name: ${inspect(name)}`, ...(pid === null ? [] : [`pid: ${String(pid)}`]), state];
  return `${type} { ${[...parts, ...(daemon ? ['daemon'] : [])].join(', ')} }`;
}

function stateOf(self: Process, child: Child | undefined): string {
  if (child === undefined) return 'initial';
  if (child.isParents) return 'unknown';
  const { exitCode } = self;
  return exitCode === null ? 'started' : `stopped, exitCode: ${String(exitCode)}`;
}
