/** The results for the eye: one table for each section. */
import Table from 'cli-table3';
import { formatFigure, formatJudged, formatTarget } from './format.js';
import { judge, type Judgement } from './judge.js';
import type { Outcomes } from './rounds.js';
import type { Row, Section } from './suite.js';

const head = ['figure', 'median', 'lowest … highest run', 'compared', 'target', ''];

function valueCells(row: Row, outcomes: Outcomes): [string, string] {
  const outcome = outcomes.get(row.subject);
  if (outcome?.kind !== 'measured') return [outcome?.kind ?? 'not run', outcome?.reason ?? ''];
  const figure = outcome.figures.get(row.metric);
  if (figure === undefined) return ['no figure', row.metric];
  const text = (value: number): string => formatFigure(value, row.unit);
  return [text(figure.median), `${text(figure.min)} … ${text(figure.max)}`];
}

function checkCells(row: Row, judgement: Judgement | undefined): [string, string, string] {
  if (judgement === undefined) return ['', '', ''];
  const { check, value, passed } = judgement;
  const verdict = passed === undefined ? '' : passed ? 'PASS' : 'MISS';
  const compared = value === undefined ? 'no figure to compare' : formatJudged(check, value);
  return [compared, formatTarget(check, row.unit), verdict];
}

/** A row takes one line, and one more for each further check. */
function lines(row: Row, outcomes: Outcomes): string[][] {
  const [first, ...further] = judge(row, outcomes);
  return [
    [row.title, ...valueCells(row, outcomes), ...checkCells(row, first)],
    ...further.map((judgement) => ['', '', '', ...checkCells(row, judgement)]),
  ];
}

export function renderSection(section: Section, outcomes: Outcomes): string {
  const table = new Table({
    head,
    // Plain text: the tables are pasted into documents and kept in logs.
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'left', 'right', 'left'],
  });
  table.push(...section.rows.flatMap((row) => lines(row, outcomes)));
  return `${section.title}\n${table.toString()}\n`;
}
