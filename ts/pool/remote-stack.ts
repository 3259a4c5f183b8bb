// Errors of tasks say where they come from.
import { RemoteError } from '../errors.js';
import type { Worker } from './worker.js';

/** The error that a task threw, with the stack that it has in the worker as its cause. */
export function withRemoteStack(error: unknown, { name, pid }: Worker): unknown {
  if (!(error instanceof Error) || error.cause !== undefined) return error;
  const remote = new RemoteError(`thrown in ${name}${pid === null ? '' : ` (pid ${String(pid)})`}`);
  const stack = String(error.stack);
  Object.defineProperty(remote, 'stack', { value: stack, configurable: true, writable: true });
  Object.defineProperty(error, 'cause', { value: remote, configurable: true, writable: true });
  return error;
}
