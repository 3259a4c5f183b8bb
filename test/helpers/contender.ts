// One of the processes that contend in the kill rounds. It writes what it does into shared cells
// before it does it, so that whoever looks after its death knows where it died.
//
//   PHASE     | MEANING                                          | IT DIED HERE: THE NEXT ONE SEES
//   ----------+--------------------------------------------------+--------------------------------
//   outside   | it has released, or not begun                    | not abandoned
//   entering  | it waits, or has just been given the lock        | either
//   inside    | it holds the lock                                | abandoned
//   leaving   | it is about to release, or has just released     | either
import type * as mp from 'node-multiprocessing';

import { randomFrom, spinMicroseconds } from './random.js';
import { isHeldHere, openCells, type CellsHandle, type Acquirable } from './shared-words.js';

export const Phase = { outside: 0, entering: 1, inside: 2, leaving: 3 } as const;

/** Cells of the whole game, before those of the parties. */
export const Cell = {
  stop: 0,
  owner: 1,
  violations: 2,
  sightings: 3,
  recoveredAtUs: 4,
  pause: 5,
} as const;
const shared = 8;
const perParty = 4;

/** Cells of one party. */
export const PartyCell = { phase: 0, count: 1, blockMs: 2, blocked: 3 } as const;

export const cellCount = (parties: number): number => shared + parties * perParty;
export const cellOf = (party: number, cell: number): number => shared + party * perParty + cell;

/** A clock that all processes share, in µs, as a number that fits a cell. */
export const nowUs = (): number => Number((process.hrtime.bigint() / 1000n) & 0x3fffffffn);

export interface Contending {
  readonly handle: CellsHandle;
  readonly party: number;
  readonly awaiting: boolean;
  readonly seed: number;
}

const longestHoldUs = 150;
const longestThoughtMs = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

class Contender {
  readonly #cells: Int32Array;
  readonly #random: () => number;

  constructor(
    readonly lock: mp.Lock,
    readonly settings: Contending,
  ) {
    this.#cells = openCells(settings.handle);
    this.#random = randomFrom(settings.seed);
  }

  get stopped(): boolean {
    return Atomics.load(this.#cells, Cell.stop) !== 0;
  }

  phase(phase: number): void {
    Atomics.store(this.#cells, cellOf(this.settings.party, PartyCell.phase), phase);
  }

  /** While it holds the lock. */
  section(): void {
    const me = this.settings.party + 1;
    const before = Atomics.exchange(this.#cells, Cell.owner, me);
    const { abandoned } = this.lock;
    if (before !== 0 && !abandoned) Atomics.add(this.#cells, Cell.violations, 1);
    if (abandoned) {
      Atomics.store(this.#cells, Cell.recoveredAtUs, nowUs());
      Atomics.add(this.#cells, Cell.sightings, 1);
    }
    this.phase(Phase.inside);
    spinMicroseconds(this.#random() * longestHoldUs);
    Atomics.add(this.#cells, cellOf(this.settings.party, PartyCell.count), 1);
    this.phase(Phase.leaving);
    if (Atomics.exchange(this.#cells, Cell.owner, 0) !== me) {
      Atomics.add(this.#cells, Cell.violations, 1);
    }
    this.lock.release();
    this.phase(Phase.outside);
  }

  /** Sometimes at once into the lock again, as a hammer. */
  async think(): Promise<void> {
    const ms = this.#random() < 0.3 ? 0 : this.#random() * longestThoughtMs;
    if (this.settings.awaiting) await new Promise((resolve) => setTimeout(resolve, ms));
    else if (ms > 0) Atomics.wait(sleeper, 0, 0, ms);
    while (Atomics.load(this.#cells, Cell.pause) !== 0 && !this.stopped) {
      Atomics.wait(sleeper, 0, 0, 2);
    }
  }

  /** Blocks the event loop when the test has asked for it and this thread only waits. */
  obeyBlock(): void {
    const { party } = this.settings;
    const ms = Atomics.load(this.#cells, cellOf(party, PartyCell.blockMs));
    if (ms === 0 || isHeldHere(this.lock)) return;
    Atomics.store(this.#cells, cellOf(party, PartyCell.blockMs), 0);
    Atomics.store(this.#cells, cellOf(party, PartyCell.blocked), 1);
    Atomics.wait(sleeper, 0, 0, ms);
    Atomics.store(this.#cells, cellOf(party, PartyCell.blocked), 0);
  }
}

/** Contends for [lock] until the stop cell is set. */
export async function contend([lock]: readonly Acquirable[], settings: Contending): Promise<void> {
  const contender = new Contender(lock as mp.Lock, settings);
  while (!contender.stopped) {
    contender.phase(Phase.entering);
    if (settings.awaiting) {
      const acquired = contender.lock.acquire();
      contender.obeyBlock();
      await acquired;
    } else {
      contender.lock.acquireSync();
    }
    contender.section();
    await contender.think();
  }
}
