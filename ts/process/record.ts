// What a Process object knows, beside it: an object that travels has no private fields in the child.
import { ClosedError, ProcessStateError } from '../errors.js';
import { forkGeneration } from '../memory/forked.js';
import type { Child } from './child.js';
import type { StartMethod } from './start-method.js';

/** State of one Process object. */
export interface ProcessRecord {
  name: string;
  isDaemon: boolean;
  authkey: Uint8Array;
  readonly numbers: readonly number[];
  /** What it runs; gone once it was started, so that nothing is kept alive for it. */
  target: object | undefined;
  args: readonly unknown[];
  child: Child | undefined;
  /** Settles when the start that is under way has. */
  starting: Promise<void> | undefined;
  /** How it is started; undefined: as processes that do not say. */
  readonly method: StartMethod | undefined;
  isClosed: boolean;
  /** The fork generation of the process that made the object. */
  readonly generation: number;
  /** It is the process that this code runs in. */
  readonly isCurrent: boolean;
  result: Promise<unknown> | undefined;
}

const records = new WeakMap<object, ProcessRecord>();

export function setRecord(process: object, record: ProcessRecord): void {
  records.set(process, record);
}

/** The state of an object that may be used. */
export function recordOf(process: object): ProcessRecord {
  const record = records.get(process);
  if (record === undefined) {
    throw new ProcessStateError(
      'this is no Process: a subclass has to call super() before anything else',
    );
  }
  if (record.isClosed) throw new ClosedError(`process ${record.name} is closed`);
  return record;
}

/** Its child; throws what `reason` says when it was not started. */
export function childOf(record: ProcessRecord, reason: string): Child {
  if (record.child === undefined) throw new ProcessStateError(reason);
  return record.child;
}

/** The state of a process as it begins, but for what the caller knows. */
export function newRecord(
  known: Pick<ProcessRecord, 'name' | 'isDaemon' | 'authkey' | 'numbers'> & Partial<ProcessRecord>,
): ProcessRecord {
  return {
    target: undefined,
    args: [],
    child: undefined,
    starting: undefined,
    method: undefined,
    isClosed: false,
    generation: forkGeneration(),
    isCurrent: false,
    result: undefined,
    ...known,
  };
}
