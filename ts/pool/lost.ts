// What a task ends with when its worker has ended.
import { WorkerLostError } from '../errors/pool.js';
import type { Member } from './member.js';
import type { WorkerEnd } from './worker.js';

export function lostError(member: Member, end: WorkerEnd): WorkerLostError {
  const { name, pid } = member.worker;
  const { exitCode, signal } = end;
  const manner =
    signal === null ? `ended with exit code ${String(exitCode)}` : `was ended by ${signal}`;
  const who = pid === null ? name : `${name} (pid ${String(pid)})`;
  const error = new WorkerLostError(`worker ${who} ${manner} while it ran this task`, {
    pid,
    exitCode,
    signal,
  });
  if ('error' in end) error.cause = end.error;
  return error;
}
