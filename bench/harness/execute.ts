/** Runs one subject in a fresh process and reads its line of metrics. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Metrics } from './report.js';
import type { Subject } from './suite.js';
import { peersFolder, type Toolchain } from './toolchain.js';

const watchdogMs = 120_000;

/** A peer that this machine does not offer; no failure. */
export class UnavailableError extends Error {}

interface Command {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

function commandOf(subject: Subject, toolchain: Toolchain, measuredMs: number): Command {
  const env = { ...process.env };
  const ms = String(measuredMs);
  if (subject.kind === 'node') {
    Object.assign(env, subject.env);
    if (subject.backend !== undefined) env.NODE_MULTIPROCESSING_BACKEND = subject.backend;
    const file = join(__dirname, '..', 'cases', subject.file);
    return {
      path: process.execPath,
      args: [...(subject.nodeOptions ?? []), file, ms, ...(subject.args ?? [])],
      env,
    };
  }
  const tool = toolchain[subject.kind];
  if (typeof tool === 'string') throw new UnavailableError(tool);
  const script = subject.kind === 'python' ? ['-B', join(peersFolder, 'peer.py')] : [];
  return { path: tool.path, args: [...script, subject.peer, ms], env };
}

function parseMetrics(stdout: string): Metrics {
  const { metrics } = JSON.parse(stdout) as { metrics: Metrics };
  for (const [name, value] of Object.entries(metrics)) {
    if (!Number.isFinite(value)) throw new Error(`metric ${name} is not a number`);
  }
  return metrics;
}

/** Ends what is left of a case's process group: a partner that is blocked in a wait, say. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/**
 * Rejects with UnavailableError, or with an Error when the subject failed, printed no metrics or
 * did not end in time. No process of the subject is left running afterwards.
 */
export async function execute(
  subject: Subject,
  toolchain: Toolchain,
  measuredMs: number,
): Promise<Metrics> {
  const { path, args, env } = commandOf(subject, toolchain, measuredMs);
  // A process group of its own, so that the watchdog reaches partners too.
  const child = spawn(path, args, { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const endNow = (): void => {
    if (child.pid !== undefined) endGroup(child.pid);
  };
  const interrupted = (): never => {
    endNow();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  const watchdog = setTimeout(endNow, watchdogMs);
  try {
    const outcome = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      // 'close' comes when the last process that has stdout is gone, so partners must go first.
      child.once('error', reject).once('exit', endNow);
      child.once('close', (code, signal) => {
        resolve(signal ?? code);
      });
    });
    if (outcome !== 0) throw new Error(`ended with ${outcome ?? 'no exit code'}`);
    return parseMetrics(stdout);
  } finally {
    clearTimeout(watchdog);
    process.off('SIGINT', interrupted);
  }
}
