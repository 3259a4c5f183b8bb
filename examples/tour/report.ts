// How the tour prints: sections, checked results, times. Colours only on a terminal.
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** One part of the tour. Its checks are made, one after another, by `run`. */
export interface Section {
  readonly title: string;
  readonly about: string;
  run(report: Report): Promise<void>;
}

/** A whole number with separators, `500,000`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** A duration, `1.2 s`. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

/** Prints what a section finds and counts what was wrong. */
export class Report {
  #passed = 0;
  #failed = 0;

  get passed(): number {
    return this.#passed;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Runs the section; an error in it counts as a failed check. */
  async section(number: number, section: Section): Promise<void> {
    console.log(`\n${styled('bold', `${number}. ${section.title}`)}`);
    console.log(styled('dim', `   ${section.about}`));
    const startMs = performance.now();
    try {
      await section.run(this);
    } catch (error) {
      this.check(error instanceof Error ? (error.stack ?? error.message) : String(error), false);
    }
    console.log(styled('dim', `     ${seconds(performance.now() - startMs)} in all`));
  }

  /** A result that must hold, and how long the work took without the start of the processes. */
  check(result: string, holds: boolean, tookMs?: number): void {
    if (holds) this.#passed++;
    else this.#failed++;
    const mark = holds ? styled('green', '✓') : styled('red', '✗');
    const took = tookMs === undefined ? '' : styled('dim', ` (${tookMs.toFixed(1)} ms)`);
    console.log(`   ${mark} ${result}${took}`);
  }

  /** Something seen that need not be so every time. */
  note(result: string): void {
    console.log(`   ${styled('yellow', '·')} ${result}`);
  }
}

function styled(style: Style, text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}
