// Functions about the threads around this one.
import { nameLogsOfThread } from '../logging/logger.js';
import { native } from '../native/binding.js';
import { startedThread } from './active.js';
import { newRecord, setRecord } from './record.js';
import { listThreads, thisThread } from './this-thread.js';
import { ThreadView, type ThreadInfo } from './thread-info.js';
import { Thread } from './thread.js';

let current: Thread | undefined;
nameLogsOfThread(() => currentThread().name);

/** Makes `thread` the object of the thread that this code runs in. */
export function setCurrentThread(thread: Thread): void {
  current = thread;
}

/**
 * The thread that this code runs in. The main thread's name is `MainThread`; a Worker that was not
 * started by `Thread` is called `Worker-` and its `threadId`.
 *
 * @public
 */
export function currentThread(): Thread {
  if (current === undefined) {
    const { ident, name, isDaemon } = thisThread();
    current = Object.create(Thread.prototype) as Thread;
    setRecord(current, newRecord({ name, ident, isDaemon, isCurrent: true }));
  }
  return current;
}

/** Its Thread object, where this thread has it. */
function threadOf(ident: number): ThreadInfo {
  if (ident === thisThread().ident) return currentThread();
  return (startedThread(ident) as Thread | undefined) ?? new ThreadView(ident);
}

/**
 * The thread in which the process began.
 *
 * @public
 */
export function mainThread(): ThreadInfo {
  return threadOf(listThreads()[0]!.ident);
}

/**
 * All threads of this process that run now: the main one, those of `Thread`, and Workers that have
 * asked who they are. The first is the main thread.
 *
 * @public
 */
export function enumerate(): ThreadInfo[] {
  return listThreads().map(({ ident }) => threadOf(ident));
}

/**
 * How many threads `enumerate` gives.
 *
 * @public
 */
export function activeCount(): number {
  return listThreads().length;
}

/**
 * The number of this thread in its process: 1 for the main thread; never used again.
 *
 * @public
 */
export function getIdent(): number {
  return thisThread().ident;
}

/**
 * The number of this thread in the system, which tools such as `top -H` show.
 *
 * @public
 */
export function getNativeId(): number {
  return native.nativeThreadId();
}
