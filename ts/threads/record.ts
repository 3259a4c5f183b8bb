// What a Thread object knows, beside it: an object that travels has no private fields in the thread.
import type { ResourceLimits } from 'node:worker_threads';

import { ThreadStateError } from '../errors/thread.js';
import type { Running } from './running.js';

/** State of one Thread object. */
export interface ThreadRecord {
  name: string;
  isDaemon: boolean;
  /** What it runs; gone once it was started, so that nothing is kept alive for it. */
  target: object | undefined;
  args: readonly unknown[];
  readonly resourceLimits: ResourceLimits | undefined;
  running: Running | undefined;
  /** Its number in the process, once it has one. */
  ident: number | undefined;
  /** It is the thread that this code runs in. */
  readonly isCurrent: boolean;
  result: Promise<unknown> | undefined;
}

const records = new WeakMap<object, ThreadRecord>();

export function setRecord(thread: object, record: ThreadRecord): void {
  records.set(thread, record);
}

export function recordOf(thread: object): ThreadRecord {
  const record = records.get(thread);
  if (record !== undefined) return record;
  throw new ThreadStateError(
    'this is no Thread: a subclass has to call super() before anything else',
  );
}

/** It, once started; throws what `reason` says when it was not. */
export function runningOf(record: ThreadRecord, reason: string): Running {
  if (record.running === undefined) throw new ThreadStateError(reason);
  return record.running;
}

/** The state of a thread as it begins, but for what the caller knows. */
export function newRecord(
  known: Pick<ThreadRecord, 'name' | 'isDaemon'> & Partial<ThreadRecord>,
): ThreadRecord {
  return {
    target: undefined,
    args: [],
    resourceLimits: undefined,
    running: undefined,
    ident: undefined,
    isCurrent: false,
    result: undefined,
    ...known,
  };
}
