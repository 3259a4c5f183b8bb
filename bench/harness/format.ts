/** Figures as text: three significant digits, with their unit. */
import type { Check, Unit } from './suite.js';

/** Three significant digits, without an exponent and without losing digits before the point. */
export function threeDigits(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  return value.toFixed(magnitude >= 10 ? 1 : 2);
}

function scaled(value: number, steps: readonly (readonly [number, string])[]): string {
  const step = steps.find(([size]) => Math.abs(value) >= size) ?? steps.at(-1);
  return step === undefined ? String(value) : `${threeDigits(value / step[0])}${step[1]}`;
}

export function formatFigure(value: number, unit: Unit): string {
  switch (unit) {
    case 'ns':
    case 'ms':
      return `${threeDigits(value)} ${unit}`;
    case 'us':
      return value >= 1000 ? `${threeDigits(value / 1000)} ms` : `${threeDigits(value)} µs`;
    case 'perSecond':
      return scaled(value, [
        [1e6, ' M/s'],
        [1e3, ' k/s'],
        [1, ' /s'],
      ]);
    case 'bytesPerSecond':
      return scaled(value, [
        [1e9, ' GB/s'],
        [1e6, ' MB/s'],
        [1, ' B/s'],
      ]);
    case 'bytes':
      return scaled(value, [
        [2 ** 20, ' MiB'],
        [2 ** 10, ' KiB'],
        [1, ' B'],
      ]);
    case 'count':
      return String(Math.round(value));
    case 'share':
      return `${threeDigits(value * 100)} %`;
  }
}

/** What a check's value means: "1.08× C pthread", "6.2× faster than CPython". */
export function formatJudged(check: Check, value: number): string {
  switch (check.kind) {
    case 'ratio':
      return `${threeDigits(value)}× ${check.peer.title}`;
    case 'speedup':
      return `${threeDigits(value)}× faster than ${check.peer.title}`;
    case 'limit':
      return '';
  }
}

export function formatTarget(check: Check, unit: Unit): string {
  if (check.kind === 'limit') {
    if (check.atMost !== undefined) return `≤ ${formatFigure(check.atMost, unit)}`;
    return check.atLeast === undefined ? '' : `≥ ${formatFigure(check.atLeast, unit)}`;
  }
  if (check.kind === 'ratio' && check.atMost !== undefined) return `≤ ${String(check.atMost)}×`;
  return check.atLeast === undefined ? '' : `≥ ${String(check.atLeast)}×`;
}
