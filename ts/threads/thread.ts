// Thread: runs a function in a thread of its own.
import { inspect } from 'node:util';

import { decode, discard } from '../codec/codec.js';
import { ThreadStateError } from '../errors/thread.js';
import { mainModule } from '../functions/main-module.js';
import { native } from '../native/binding.js';
import { checkBootstrap, encodeWork } from '../process/start.js';
import { getStartMethod } from '../process/start-methods.js';
import type { Report } from '../process/task.js';
import { thisProcess } from '../process/this-process.js';
import { openMemory } from '../memory/memory.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { addActive } from './active.js';
import {
  checkDaemon,
  checkName,
  checkThreadOptions,
  defaultName,
  type ThreadOptions,
} from './options.js';
import { newRecord, recordOf, runningOf, setRecord, type ThreadRecord } from './record.js';
import { Running } from './running.js';
import { findThread, renameThread, thisThread } from './this-thread.js';
import type { ThreadInfo } from './thread-info.js';

/** What is left of a started thread when nobody can ask for it any more. */
const unreachable = new FinalizationRegistry((running: Running) => {
  if (running.result !== undefined) discard(running.result);
});

/**
 * A thread of this process that runs a function, or `run()` of a subclass: a Worker of
 * `node:worker_threads`, with modules, variables and an event loop of its own. Arguments are copied,
 * as between processes; locks, queues, values and arrays are shared.
 *
 * Source: CPython's
 * {@link https://docs.python.org/3/library/threading.html#thread-objects | Thread}; unlike there
 * threads run in parallel and share no variables, and `result()` gives what the function returned.
 *
 * @example
 * ```ts
 * export function square(x: number) { return x * x; }
 *
 * if (isMainProcess()) {
 *   const thread = new threading.Thread({ target: square, args: [7] });
 *   await thread.start();
 *   console.log(await thread.result()); // 49
 * }
 * ```
 *
 * @public
 */
export class Thread<T = unknown, A extends readonly unknown[] = never[]> implements ThreadInfo {
  /**
   * @param options - see `ThreadOptions`
   * @throws TypeError when an option is of the wrong type
   */
  constructor(options: ThreadOptions<T, A> = {}) {
    checkThreadOptions(options);
    const { target, args = [], name, daemon, resourceLimits } = options as ThreadOptions;
    const record = newRecord({
      name: name ?? defaultName(target),
      isDaemon: daemon ?? thisThread().isDaemon,
      target,
      args: [...args],
      resourceLimits,
    });
    setRecord(this, record);
  }

  /**
   * What runs in the thread: calls the target. Overridden by subclasses; may be async. Called
   * directly it runs here.
   */
  run(): unknown {
    const { target, args } = recordOf(this);
    return (target as ((...args: readonly unknown[]) => unknown) | undefined)?.(...args);
  }

  /**
   * Starts the thread; resolves when it runs. Arguments are copied at the call.
   *
   * @throws ThreadStateError when it was started before
   * @throws NotImportableError for a target that is not exported; NotCloneableError for arguments
   * that cannot be sent
   * @throws MultiprocessingError `ERR_MP_BOOTSTRAP` when the main module lacks its guard
   * @throws ThreadError when it ended before it ran
   */
  async start(): Promise<void> {
    const running = launch(this);
    const isOver = () => running.lives || running.poll();
    await running.wait({ timeoutMs: Infinity, signal: undefined }, isOver);
    if (!running.lives) throw running.ended();
  }

  /** As `Thread.start`, blocking until it runs. */
  startSync(): void {
    launch(this).bootSync();
  }

  /**
   * Waits until the thread has ended.
   *
   * @param options - `timeout` in ms, `signal`
   * @returns true when it has ended, false when the timeout passed
   * @throws ThreadStateError when it was not started, or is the current one
   * @throws the signal's reason when it is aborted
   */
  async join(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('join', options);
    const running = runningToJoin(recordOf(this));
    return running.wait(wait, () => running.poll());
  }

  /** As `Thread.join`, blocking this thread. */
  joinSync(options?: WaitOptions): boolean {
    const timeoutMs = checkWait('joinSync', options);
    return runningToJoin(recordOf(this)).waitSync(timeoutMs);
  }

  /**
   * What the target, or `run()`, returned.
   *
   * @throws what it threw: an error of a class that is known here, or a RemoteError
   * @throws ThreadError when the thread ended without returning
   * @throws ThreadStateError when it was not started
   */
  async result(): Promise<T> {
    const record = recordOf(this);
    const running = runningOf(record, 'only a started thread has a result');
    unreachable.unregister(record);
    record.result ??= takeResult(running);
    return record.result as Promise<T>;
  }

  /** Whether the thread runs now. */
  isAlive(): boolean {
    const { isCurrent, running } = recordOf(this);
    return isCurrent || (running !== undefined && !running.poll());
  }

  /**
   * Ends the thread, wherever it is; what it holds is abandoned. Beyond CPython, whose threads cannot
   * be ended from outside.
   */
  terminate(): void {
    const record = recordOf(this);
    if (record.isCurrent) throw new ThreadStateError('a thread ends itself with process.exit()');
    runningOf(record, 'only a started thread can be terminated').terminate();
  }

  /** Waits until the thread has ended: `await using thread = …`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (recordOf(this).running !== undefined) await this.join();
  }

  /** Its name; any text, which says nothing to the library. All threads see what it is set to. */
  get name(): string {
    const record = recordOf(this);
    const listed = record.ident === undefined ? undefined : findThread(record.ident);
    return listed?.name ?? record.name;
  }

  set name(name: string) {
    checkName(name);
    const record = recordOf(this);
    record.name = name;
    if (record.ident !== undefined) renameThread(record.ident, name);
  }

  /** Whether it ends when its program does, instead of keeping it; set before the start. */
  get daemon(): boolean {
    return recordOf(this).isDaemon;
  }

  set daemon(daemon: boolean) {
    checkDaemon(daemon);
    const record = recordOf(this);
    if (record.running !== undefined || record.isCurrent) {
      throw new ThreadStateError('daemon can only be set before the thread has started');
    }
    record.isDaemon = daemon;
  }

  /** Its number in this process, 1 for the main thread; never used again. null before the start. */
  get ident(): number | null {
    return recordOf(this).ident ?? null;
  }

  /** Number of the thread in the system; null until it runs. */
  get nativeId(): number | null {
    const { isCurrent, running } = recordOf(this);
    return isCurrent ? native.nativeThreadId() : (running?.nativeId ?? null);
  }

  /**
   * null before the end; then 0, 1 when it threw or was terminated, or what it gave to
   * `process.exit()`, which ends its thread only.
   */
  get exitCode(): number | null {
    const { running } = recordOf(this);
    return running?.poll() === true ? running.exitCode : null;
  }

  /**
   * What `console.log` shows.
   *
   * @internal
   */
  [inspect.custom](): string {
    const { running, isCurrent } = recordOf(this);
    const state = running === undefined ? 'initial' : this.isAlive() ? 'started' : 'stopped';
    const parts = [
      `name: ${inspect(this.name)}`,
      ...(this.ident === null ? [] : [`ident: ${String(this.ident)}`]),
      isCurrent ? 'started' : state,
      ...(this.daemon ? ['daemon'] : []),
    ];
    return `${this.constructor.name || 'Thread'} { ${parts.join(', ')} }`;
  }
}

/** Starts it; its work is serialised now. */
function launch(self: object): Running {
  const record = recordOf(self);
  if (record.running !== undefined || record.isCurrent) {
    throw new ThreadStateError('threads can only be started once');
  }
  checkBootstrap('thread');
  // Before the Worker is there: it inherits who the process is, and where its memory is.
  thisProcess();
  openMemory();
  const { target, args, name, isDaemon, resourceLimits } = record;
  const type = self.constructor === Thread ? undefined : self.constructor;
  const work = encodeWork({ type, target, args, fields: { ...self } });
  const seed = {
    name,
    isDaemon,
    argv: process.argv,
    startMethod: getStartMethod({ allowNone: true }),
    main: mainModule(),
    holder: native.selfAt(0),
    work,
  };
  let running;
  try {
    running = new Running(seed, resourceLimits);
  } catch (error) {
    discard(work);
    throw error;
  }
  hasStarted(self, record, running);
  return running;
}

function hasStarted(self: object, record: ThreadRecord, running: Running): void {
  record.running = running;
  record.ident = running.ident;
  record.target = undefined;
  record.args = [];
  unreachable.register(self, running, record);
  addActive(running, self);
}

function runningToJoin(record: ThreadRecord): Running {
  if (record.isCurrent) throw new ThreadStateError('cannot join the current thread');
  return runningOf(record, 'cannot join a thread before it is started');
}

/** What the thread returned, once it has; throws what it threw, or how it ended instead. */
async function takeResult(running: Running): Promise<unknown> {
  const isDone = () => running.result !== undefined || running.poll();
  await running.wait({ timeoutMs: Infinity, signal: undefined }, isDone);
  if (running.result === undefined) throw running.ended();
  const report = (await decode(running.result)) as Report;
  if ('error' in report) throw report.error;
  return report.value;
}
