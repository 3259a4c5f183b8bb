// Who the thread is that this code runs in, and its entry in the process's list of threads.
import { isMainThread, threadId } from 'node:worker_threads';

import { native } from '../native/binding.js';

/** What a thread knows of itself. */
export interface ThisThread {
  /** Its number in this process: 1 is the main thread's. */
  readonly ident: number;
  readonly name: string;
  readonly isDaemon: boolean;
}

const mainIdent = 1;
const mainName = 'MainThread';

let known: ThisThread | undefined;

/** Says who this thread is; all threads see it in the list from now on. */
export function enterThread(name: string, isDaemon: boolean): ThisThread {
  known = { ident: threadId + 1, name, isDaemon };
  native.threadEnter(known.ident, name, isDaemon);
  return known;
}

/** The main thread is in the process's list from its first change of name; a user's Worker from here. */
export function thisThread(): ThisThread {
  if (isMainThread) known ??= { ident: mainIdent, name: mainName, isDaemon: false };
  return known ?? enterThread(`Worker-${String(threadId)}`, false);
}

/** Gives a thread a name that all threads see. */
export function renameThread(ident: number, name: string): void {
  if (native.threadRename(ident, name) || ident !== mainIdent || !isMainThread) return;
  native.threadEnter(mainIdent, name, false);
}

/** A thread as the process lists it. */
export interface Listed {
  readonly ident: number;
  readonly name: string;
  readonly nativeId: number;
  readonly daemon: boolean;
}

/** All threads of the process that have a name. */
export function listThreads(): Listed[] {
  thisThread();
  const listed = native.threadList();
  if (listed[0]?.ident === mainIdent) return listed;
  // The main thread has the number of the process.
  const main = { ident: mainIdent, name: mainName, nativeId: process.pid, daemon: false };
  return [main, ...listed];
}

export function findThread(ident: number): Listed | undefined {
  return listThreads().find((listed) => listed.ident === ident);
}
