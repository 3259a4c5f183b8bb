// How a process ended, and what it left behind.
import { constants } from 'node:os';

import { decode } from '../codec/codec.js';
import { ProcessError } from '../errors.js';
import type { ExitStatus } from '../native/binding.js';
import type { Child } from './child.js';
import type { Report } from './task.js';

export function exitCodeOf({ code, signal }: ExitStatus): number {
  return signal === 0 ? code : -signal;
}

export function signalName(number: number): NodeJS.Signals | null {
  const named = Object.entries(constants.signals).find(([, value]) => value === number);
  return (named?.[0] ?? null) as NodeJS.Signals | null;
}

/** What the process returned, once it has; throws what it threw, or how it ended instead. */
export async function takeResult(name: string, child: Child): Promise<unknown> {
  const isDone = () => child.result !== undefined || child.poll() !== undefined;
  await child.wait({ timeoutMs: Infinity, signal: undefined }, isDone);
  if (child.result === undefined) throw ended(name, child.poll()!);
  const report = (await decode(child.result)) as Report;
  if ('error' in report) throw report.error;
  return report.value;
}

function ended(name: string, status: ExitStatus): ProcessError {
  const exitCode = exitCodeOf(status);
  const signal = signalName(status.signal);
  return new ProcessError(`process ${name} ${manner(status, signal)}`, { exitCode, signal });
}

function manner({ code, signal: number }: ExitStatus, signal: string | null): string {
  if (number !== 0)
    return `was ended by ${signal ?? `signal ${String(number)}`} before its target returned`;
  if (code === 0) {
    return 'ended with exit code 0 before its target returned: it called process.exit(), or waited for something that nothing on its event loop can bring about';
  }
  return `ended with exit code ${String(code)} before its target returned`;
}
