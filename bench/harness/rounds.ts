/** Runs the subjects of a section several times, interleaved: A B C, A B C, … */
import { execute, UnavailableError } from './execute.js';
import type { Metrics } from './report.js';
import { median, percentile } from './stats.js';
import { subjectsOf, type Section, type Subject } from './suite.js';
import type { Toolchain } from './toolchain.js';

export interface RunOptions {
  readonly runs: number;
  readonly measuredMs: number;
}

export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly values: readonly number[];
}

/** What became of a subject: its figures by metric, or why there are none. */
export type Outcome =
  | { readonly kind: 'measured'; readonly figures: ReadonlyMap<string, Figure> }
  | { readonly kind: 'unavailable' | 'failed'; readonly reason: string };

export type Outcomes = Map<Subject, Outcome>;

function summarise(runs: readonly Metrics[]): Outcome {
  const figures = new Map<string, Figure>();
  for (const name of Object.keys(runs[0] ?? {})) {
    const values = runs.map((metrics) => metrics[name] ?? Number.NaN);
    figures.set(name, {
      median: median(values),
      min: percentile(values, 0),
      max: percentile(values, 1),
      values,
    });
  }
  return { kind: 'measured', figures };
}

/** A subject that fails once is not run again; the others go on. */
export async function runSection(
  section: Section,
  toolchain: Toolchain,
  { runs, measuredMs }: RunOptions,
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const measured = new Map<Subject, Metrics[]>(subjectsOf(section).map((one) => [one, []]));
  for (let run = 1; run <= runs; run++) {
    process.stderr.write(`${section.title}: run ${run} of ${runs}\n`);
    for (const [subject, results] of measured) {
      if (outcomes.has(subject)) continue;
      try {
        results.push(await execute(subject, toolchain, measuredMs));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const kind = error instanceof UnavailableError ? 'unavailable' : 'failed';
        outcomes.set(subject, { kind, reason });
        process.stderr.write(`  ${subject.title}: ${kind}: ${reason}\n`);
      }
    }
  }
  for (const [subject, results] of measured) {
    if (!outcomes.has(subject)) outcomes.set(subject, summarise(results));
  }
  return outcomes;
}
