// A progress bar for `onProgress`. Written here, for the libraries that do this bring six packages
// along; it needs one line of a terminal.

/**
 * What a progress bar is written to: `process.stderr`, `process.stdout`, or anything alike.
 *
 * @public
 */
export interface ProgressStream {
  /** Whether it is a terminal, in which a line can be drawn again. */
  readonly isTTY?: boolean | undefined;
  /** How many characters a line has. */
  readonly columns?: number | undefined;
  /** Takes some text. */
  write(text: string): unknown;
}

/**
 * Choices for a progress bar.
 *
 * @public
 */
export interface ProgressBarOptions {
  /** What stands before it. */
  readonly label?: string | undefined;
  /** Default: `process.stderr`. */
  readonly stream?: ProgressStream | undefined;
}

/**
 * A function for `onProgress`.
 *
 * @public
 */
export interface ProgressBar {
  /**
   * Shows how far it is.
   *
   * @param done - how many items are done
   * @param total - of how many, if that is known
   */
  (done: number, total: number | undefined): void;
  /** Leaves its line as it is, for what is written next; at the end it does so by itself. */
  stop(): void;
  /** `stop()`. */
  [Symbol.dispose](): void;
}

/** How often the line is drawn, in ms. */
const drawMs = 100;
/** Without a terminal: a line for so much of the whole, in percent, or after so long, in ms. */
const lineStep = 10;
const lineMs = 10_000;
const mostCells = 40;
const eraseLine = '\u001b[K';

/**
 * A progress bar, to be given as `onProgress`: done of all, time, time left, items a second. Where
 * there is no terminal it writes a line for every ten percent. A second run starts it anew.
 *
 * @example
 * ```ts
 * using bar = progressBar({ label: 'squares' });
 * await pool.map(square, items, { onProgress: bar });
 * ```
 *
 * @public
 */
export function progressBar({ label = '', stream }: ProgressBarOptions = {}): ProgressBar {
  const line = new ProgressLine(label, stream ?? process.stderr);
  const stop = (): void => {
    line.stop();
  };
  const update = (done: number, total: number | undefined): void => {
    line.update(done, total);
  };
  return Object.assign(update, { stop, [Symbol.dispose]: stop });
}

class ProgressLine {
  readonly #label: string;
  readonly #stream: ProgressStream;
  #done = Infinity;
  #sinceMs = 0;
  #shownMs = -Infinity;
  #shownPercent = 0;
  /** The terminal's cursor is behind it. */
  #isOpen = false;

  constructor(label: string, stream: ProgressStream) {
    this.#label = label;
    this.#stream = stream;
  }

  update(done: number, total: number | undefined): void {
    const nowMs = performance.now();
    if (done < this.#done && this.#done !== 0) this.#begin(nowMs);
    this.#done = done;
    const isEnd = done === total;
    if (this.#stream.isTTY === true) {
      if (!isEnd && nowMs - this.#shownMs < drawMs) return;
      this.#stream.write(`\r${this.#drawn(done, total, nowMs)}${eraseLine}`);
      this.#isOpen = true;
    } else {
      const percent = total === undefined ? 0 : (100 * done) / total;
      const isNext = percent - this.#shownPercent >= lineStep || nowMs - this.#shownMs >= lineMs;
      if (!isEnd && !isNext) return;
      this.#stream.write(`${this.#text(done, total, nowMs).join(' ')}\n`);
      this.#shownPercent = percent - (percent % lineStep);
    }
    this.#shownMs = nowMs;
    if (isEnd) this.stop();
  }

  stop(): void {
    if (this.#isOpen) this.#stream.write('\n');
    this.#isOpen = false;
    this.#done = Infinity;
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#shownMs = this.#stream.isTTY === true ? -Infinity : nowMs;
    this.#shownPercent = 0;
  }

  /** What stands before the bar, and behind it. */
  #text(done: number, total: number | undefined, nowMs: number): [string, string] {
    const tookMs = nowMs - this.#sinceMs;
    const rate = tookMs > 0 ? (1000 * done) / tookMs : 0;
    const label = this.#label === '' ? '' : `${this.#label} `;
    const ofAll = total === undefined ? '' : `/${String(total)}`;
    const percent = total === undefined ? '' : percentOf(done, total);
    const left =
      total === undefined || done === 0 || done === total
        ? ''
        : `<${clock((tookMs * (total - done)) / done)}`;
    const times = `${clock(tookMs)}${left}, ${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
    return [`${label}${percent}`.trimEnd(), `${String(done)}${ofAll} [${times}]`];
  }

  #drawn(done: number, total: number | undefined, nowMs: number): string {
    const [before, behind] = this.#text(done, total, nowMs);
    const columns = this.#stream.columns ?? 80;
    // Not the last one: the terminal may go to the next line there.
    const room = columns - 1 - before.length - behind.length - '  ||'.length;
    const cells = Math.min(Math.floor(room), mostCells);
    if (total === undefined || cells < 1) {
      return `${before} ${behind}`.trimStart().slice(0, Math.max(columns - 1, 0));
    }
    const full = total === 0 ? cells : Math.floor((cells * done) / total);
    return `${before} |${'█'.repeat(full)}${'░'.repeat(cells - full)}| ${behind}`;
  }
}

const percentOf = (done: number, total: number): string =>
  `${String(total === 0 ? 100 : Math.floor((100 * done) / total)).padStart(3)}%`;

/** `1:05`, `2:00:00`. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (part: number): string => String(part % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)}:${two(seconds)}`;
  return `${String(Math.floor(minutes / 60))}:${two(minutes)}:${two(seconds)}`;
}
