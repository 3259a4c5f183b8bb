// One of the processes of a stress, whatever the object: rounds until it is stopped, each wait in a
// random form for a random time.
import { randomFrom, spinMicroseconds } from '../../helpers/random';
import { Order, SeatWord, type Board } from './board';

/** How long a wait is willing to wait, and in which form. */
export interface Patience {
  readonly blocks: boolean;
  /** Milliseconds; without both, for ever. */
  readonly timeout?: number;
  readonly abortAfter?: number;
}

/** Both forms of something that gives false when it has not happened in time. */
export interface Forms<T> {
  readonly blocking: (options?: { timeout: number }) => T;
  readonly awaited: (options?: { timeout?: number; signal?: AbortSignal }) => Promise<T>;
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

const sleeper = new Int32Array(new SharedArrayBuffer(4));
const longestTimeoutMs = 4;
const longestThoughtMs = 2;
const longestHoldUs = 100;

export class Player {
  readonly random: () => number;

  constructor(
    readonly board: Board,
    seed: number,
  ) {
    this.random = randomFrom(seed);
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  /** Plays rounds until the game is over. */
  async play(round: () => Promise<void>): Promise<void> {
    const { board } = this;
    while (board.get(0) !== Order.stop) {
      if (board.get(0) === Order.pause) await this.#pause();
      await round();
      board.setMine(SeatWord.count, board.mine(SeatWord.count) + 1);
      await this.think();
    }
  }

  async #pause(): Promise<void> {
    this.board.setMine(SeatWord.isPaused, 1);
    while (this.board.get(0) === Order.pause) await sleep(1);
    this.board.setMine(SeatWord.isPaused, 0);
  }

  /** Half of the waits are for ever. */
  patience(): Patience {
    const blocks = this.chance(0.5);
    if (this.chance(0.5)) return { blocks };
    const timeout = this.random() * longestTimeoutMs;
    return blocks || this.chance(0.5) ? { blocks, timeout } : { blocks, abortAfter: timeout };
  }

  /** Waits so; undefined when it was aborted. A wait for ever is timed. */
  async wait<T>(
    forms: Forms<T>,
    { blocks, timeout, abortAfter }: Patience,
  ): Promise<T | undefined> {
    if (abortAfter !== undefined) return aborted(forms, abortAfter);
    const options = timeout === undefined ? undefined : { timeout };
    const start = performance.now();
    const result = blocks ? forms.blocking(options) : await forms.awaited(options);
    if (timeout === undefined) this.#note(performance.now() - start);
    return result;
  }

  #note(ms: number): void {
    const longest = this.board.mine(SeatWord.longestMs);
    if (ms > longest) this.board.setMine(SeatWord.longestMs, Math.round(ms));
  }

  /** What is done inside: busy, or asleep, so that others come to wait. */
  work(): void {
    if (this.chance(0.3)) Atomics.wait(sleeper, 0, 0, this.random() * longestThoughtMs);
    else spinMicroseconds(this.random() * longestHoldUs);
  }

  /** Often not at all, as a hammer. */
  async think(): Promise<void> {
    const ms = this.chance(0.5) ? 0 : this.random() * longestThoughtMs;
    if (this.chance(0.5)) await sleep(ms);
    else if (ms > 0) Atomics.wait(sleeper, 0, 0, ms);
  }
}

/** A wait that is aborted after some time: at once, by a timer. */
async function aborted<T>(forms: Forms<T>, afterMs: number): Promise<T | undefined> {
  const controller = new AbortController();
  const { signal } = controller;
  const abort = () => {
    controller.abort();
  };
  const timer = afterMs < 1 ? setImmediate(abort) : setTimeout(abort, afterMs);
  try {
    return await forms.awaited({ signal });
  } catch (error) {
    if (error !== signal.reason) throw error;
    return undefined;
  } finally {
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
  }
}
