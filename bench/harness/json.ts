/** The results for programs: every value of every run, and the verdicts. */
import { judge } from './judge.js';
import type { Outcomes } from './rounds.js';
import type { Section } from './suite.js';

export function sectionAsJson(section: Section, outcomes: Outcomes): unknown {
  return {
    title: section.title,
    subjects: [...outcomes].map(([{ title }, outcome]) => ({
      title,
      ...(outcome.kind === 'measured'
        ? { figures: Object.fromEntries(outcome.figures) }
        : { [outcome.kind]: outcome.reason }),
    })),
    rows: section.rows.map((row) => ({
      title: row.title,
      subject: row.subject.title,
      metric: row.metric,
      unit: row.unit,
      checks: judge(row, outcomes).map(({ check, value, passed }) => ({
        ...check,
        ...('peer' in check ? { peer: check.peer.title } : {}),
        value,
        passed,
      })),
    })),
  };
}
