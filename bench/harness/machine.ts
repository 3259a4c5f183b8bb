/** On what the figures were measured. */
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import type { Toolchain } from './toolchain.js';

export function describeMachine({ c, python }: Toolchain): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return [
    `${availableParallelism()} × ${model}`,
    `${type()} ${release()} ${process.arch}`,
    `Node ${process.version}`,
    typeof c === 'string' ? c : c.version,
    typeof python === 'string' ? python : python.version,
  ].join(', ');
}

/** A word of warning when other programs keep the processors busy. */
export function describeLoad(): string | undefined {
  const busy = loadavg()[0] ?? 0;
  if (busy < availableParallelism() / 2) return undefined;
  return `load average is ${busy.toFixed(1)} on ${availableParallelism()} CPUs: expect noise`;
}
