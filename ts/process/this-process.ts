// Who the process is that this code runs in. Threads that it starts know it too.
import { randomBytes } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

import { nameLogs } from '../logging/logger.js';
import type { Identity, Parent } from './task.js';

/** What the process knows of itself. */
export interface ThisProcess {
  readonly identity: Identity;
  readonly parent: Parent | undefined;
}

const key = 'node-multiprocessing:process';
let known: ThisProcess | undefined;
let isImporting = false;
let isThread = false;

/** Says who this process is; by its bootstrap, before any code of the user's. */
export function becomeProcess(process: ThisProcess): void {
  known = process;
  setEnvironmentData(key, process);
}

nameLogs(() => thisProcess().identity.name);

export function thisProcess(): ThisProcess {
  known ??= getEnvironmentData(key) as unknown as ThisProcess | undefined;
  if (known === undefined) becomeProcess(mainProcess());
  return known!;
}

/** While the user's main module runs again in a child or a thread, nothing may be started. */
export function isImportingMain(): boolean {
  return isImporting;
}

export function setImportingMain(importing: boolean): void {
  isImporting = importing;
}

/** Whether this code runs in a thread that the package started. */
export function isOwnThread(): boolean {
  return isThread;
}

/** Says that it does; by the thread's bootstrap, before any code of the user's. */
export function becomeThread(): void {
  isThread = true;
}

function mainProcess(): ThisProcess {
  const identity = {
    name: 'MainProcess',
    numbers: [],
    isDaemon: false,
    authkey: new Uint8Array(randomBytes(32)),
  };
  return { identity, parent: undefined };
}
