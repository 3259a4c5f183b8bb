// Functions about the processes around this one.
import { onForked } from '../memory/forked.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { listActive } from './active.js';
import { Child } from './child.js';
import { Process } from './process.js';
import { newRecord, setRecord } from './record.js';
import { isOwnThread, thisProcess } from './this-process.js';

let current: Process | undefined;

/** Makes `process` the object of the process that this code runs in. */
export function setCurrentProcess(process: Process): void {
  current = process;
}

/**
 * The process that this code runs in. In the one that the user started its name is `MainProcess`.
 *
 * @public
 */
export function currentProcess(): Process {
  if (current === undefined) {
    current = Object.create(Process.prototype) as Process;
    const { name, isDaemon, authkey, numbers } = thisProcess().identity;
    setRecord(current, newRecord({ name, isDaemon, authkey, numbers, isCurrent: true }));
  }
  return current;
}

/**
 * Whether this code runs where the user started it: neither in a child nor in a thread of
 * `threading`. The main module runs again in each of those, so what starts processes and threads
 * stands in `if (isMainProcess()) { … }`.
 *
 * @public
 */
export function isMainProcess(): boolean {
  return thisProcess().parent === undefined && !isOwnThread();
}

/**
 * Runs a child's part and exits, in an executable that Node was built into; elsewhere it does
 * nothing. For programs that come from Python: here children never need it.
 *
 * @public
 */
export function freezeSupport(): void {
  // A child of ours is told what it is by its bootstrap, whatever its executable.
}

/**
 * The processes that this thread has started and that run now.
 *
 * @public
 */
export function activeChildren(): Process[] {
  return listActive() as Process[];
}

/**
 * The process that started this one.
 *
 * @public
 */
export class ParentProcess {
  /** The parent's name. */
  readonly name: string;
  /** The parent's number in the system. */
  readonly pid: number;
  #watched: Child | undefined;

  /** @internal */
  constructor(name: string, pid: number) {
    this.name = name;
    this.pid = pid;
  }

  /** The same as {@link ParentProcess.pid}. */
  get ident(): number {
    return this.pid;
  }

  /** Whether the parent runs. A child whose parent has ended is ended too, half a second later. */
  isAlive(): boolean {
    return this.#child().poll() === undefined;
  }

  /** Waits until the parent has ended; false when the timeout passed. */
  async join(options?: AwaitOptions): Promise<boolean> {
    const wait = checkAwait('join', options);
    const child = this.#child();
    return child.wait(wait, () => child.poll() !== undefined);
  }

  /** As {@link ParentProcess.join}, blocking the thread. */
  joinSync(options?: WaitOptions): boolean {
    return this.#child().waitSync(checkWait('joinSync', options));
  }

  /** A file descriptor that becomes readable when the parent has ended. */
  get sentinel(): number {
    return this.#child().sentinel;
  }

  #child(): Child {
    this.#watched ??= Child.parent(this.pid);
    return this.#watched;
  }
}

let parent: ParentProcess | undefined;

onForked(() => {
  parent = undefined;
});

/**
 * The process that started this one; null in the main process.
 *
 * @public
 */
export function parentProcess(): ParentProcess | null {
  const known = thisProcess().parent;
  if (known === undefined) return null;
  parent ??= new ParentProcess(known.name, known.pid);
  return parent;
}
