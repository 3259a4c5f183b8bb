/** Holds figures against peers and limits. */
import type { Outcomes } from './rounds.js';
import type { Check, Row, Subject } from './suite.js';

export interface Judgement {
  readonly check: Check;
  /** The ratio, or the value itself for a limit; undefined when one side was not measured. */
  readonly value: number | undefined;
  /** Undefined when there is no target or no value. */
  readonly passed: boolean | undefined;
}

/** The median of a subject's metric, when it was measured. */
export function medianOf(outcomes: Outcomes, subject: Subject, metric: string): number | undefined {
  const outcome = outcomes.get(subject);
  return outcome?.kind === 'measured' ? outcome.figures.get(metric)?.median : undefined;
}

function judged(check: Check, own: number, peer: number | undefined): number | undefined {
  if (check.kind === 'limit') return own;
  if (peer === undefined) return undefined;
  return check.kind === 'ratio' ? own / peer : peer / own;
}

export function judge(row: Row, outcomes: Outcomes): Judgement[] {
  const own = medianOf(outcomes, row.subject, row.metric);
  return (row.checks ?? []).map((check) => {
    const peer = 'peer' in check ? medianOf(outcomes, check.peer, row.metric) : undefined;
    const value = own === undefined ? undefined : judged(check, own, peer);
    const atMost = 'atMost' in check ? check.atMost : undefined;
    const atLeast = 'atLeast' in check ? check.atLeast : undefined;
    const hasTarget = atMost !== undefined || atLeast !== undefined;
    const passed =
      value === undefined || !hasTarget
        ? undefined
        : value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
    return { check, value, passed };
  });
}
