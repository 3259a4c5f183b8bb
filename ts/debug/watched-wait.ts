// A wait that is watched: when it has lasted, it is looked at, and there is a warning.
import { Journal, type Wait } from './journal.js';
import { circleFrom, signatureOf } from './circles.js';
import { Situation } from './situation.js';
import { deadlockLines, longWaitLines, warn } from './words.js';

/** When a wait is looked at for a deadlock, in ms: the last that closes a circle sees all of it. */
const circleMs = 1000;

/** Tries for at most as long as it is told (undefined: for ever), and says whether that succeeded. */
type Try = (timeoutMs: number | undefined) => boolean;

export class WatchedWait {
  readonly #wait: Wait;
  readonly #limitMs: number;
  readonly #journal = Journal.mine;
  #timers: NodeJS.Timeout[] = [];
  #hasWarned = false;

  /** @param limitMs - how long it may last before there is a warning */
  constructor(wait: Wait, limitMs: number) {
    this.#wait = wait;
    this.#limitMs = limitMs;
    this.#journal.waits.add(wait);
    this.#journal.publish();
  }

  /** Where in the program it began. */
  get site(): string {
    return this.#wait.site;
  }

  /** Blocks until a try succeeds, or the time has passed: false. */
  block(attempt: Try): boolean {
    const { timeoutMs } = this.#wait;
    const startMs = performance.now();
    const leftUntil = (atMs: number): number => Math.max(0, startMs + atMs - performance.now());
    for (const atMs of this.#looksAtMs()) {
      const untilMs = Math.min(atMs, timeoutMs ?? Infinity);
      if (attempt(leftUntil(untilMs))) return true;
      if (timeoutMs !== null && leftUntil(timeoutMs) === 0) return false;
      this.#look(atMs);
    }
    return attempt(timeoutMs === null ? undefined : leftUntil(timeoutMs));
  }

  /** Looks at it meanwhile. */
  watch(): void {
    this.#timers = this.#looksAtMs().map((atMs) => {
      const timer = setTimeout(() => {
        this.#look(atMs);
      }, atMs);
      return timer.unref();
    });
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    if (this.#journal.waits.delete(this.#wait)) this.#journal.publish();
  }

  #looksAtMs(): number[] {
    return [...new Set([Math.min(circleMs, this.#limitMs), this.#limitMs])];
  }

  #look(atMs: number): void {
    if (this.#hasWarned) return;
    const situation = new Situation();
    const { key } = this.#journal;
    const thread = situation.threads.find((one) => one.key === key);
    if (thread === undefined) return;
    const lines = deadlock(situation, key);
    if (lines === undefined && atMs < this.#limitMs) return;
    this.#hasWarned = true;
    warn(lines ?? longWaitLines(situation, thread, this.#wait));
  }
}

/** Circles that this thread has told of. */
const told = new Set<string>();

/** What to say of the circle that this thread's waits lead to. */
function deadlock(situation: Situation, key: string): string[] | undefined {
  const circle = circleFrom(situation, key);
  if (circle === undefined) return undefined;
  // Journals are not read in one instant: what is there twice was there all at once in between.
  const again = circleFrom(new Situation(), key);
  const signature = signatureOf(circle);
  if (again === undefined || signatureOf(again) !== signature || told.has(signature)) {
    return undefined;
  }
  told.add(signature);
  return deadlockLines(situation, circle, key);
}
