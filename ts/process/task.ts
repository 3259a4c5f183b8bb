// What a child is told when it starts: who it is, and what to do.
import { deserialize, serialize } from 'node:v8';

import type { StartMethod } from './start-method.js';
import type { LogSettings } from '../logging/log.js';
import type { MainModule } from '../functions/main-module.js';

/** Who a process is. */
export interface Identity {
  readonly name: string;
  /** The number of the process among its parent's children, behind those of its ancestors. */
  readonly numbers: readonly number[];
  readonly isDaemon: boolean;
  readonly authkey: Uint8Array;
}

/** A process that started another. */
export interface Parent {
  readonly name: string;
  readonly pid: number;
}

/** All that the child needs before it runs any code of the user's. */
export interface Task {
  readonly identity: Identity;
  readonly parent: Parent;
  readonly argv: readonly string[];
  /** How the child starts children of its own. */
  readonly startMethod: StartMethod;
  /** What the child writes to the log, and where. */
  readonly log: LogSettings;
  /** The program that the child runs again, so that it has the same modules. */
  readonly main: MainModule | undefined;
  /** Id of the tree's memory. */
  readonly arena: string;
  /** Id of the parent's thread in it: what the result refers to lives until that has seen it. */
  readonly holder: number;
  /** A {@link Work}, as a message of the codec: it names functions of the user's modules. */
  readonly work: Uint8Array;
}

/** What to do: the state of the Process object. */
export interface Work {
  /** A subclass of Process; undefined for Process itself. */
  readonly type: object | undefined;
  readonly target: object | undefined;
  readonly args: readonly unknown[];
  /** The object's own properties. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a child leaves for its parent. */
export type Report = { readonly value: unknown } | { readonly error: unknown };

/** Descriptors of a child when it starts, beside 0, 1 and 2; the order of native/napi/child.cc. */
export const descriptors = { control: 3, mailbox: 4, arena: 5, parent: 6 } as const;

// The outer part names nothing of the user's, so that it can be read before his modules are there.
export function packTask(task: Task): Uint8Array {
  return serialize(task);
}

export function unpackTask(bytes: Uint8Array): Task {
  return deserialize(bytes) as Task;
}
