// Processes that contend for one lock while one of them, at a random moment, is killed: the others
// go on, exclude each other, and see the lock abandoned when the victim held it, only then.
//
// MP_KILL_ROUNDS sets the number of rounds, MP_KILL_VICTIMS the way of starting (test/helpers/party),
// MP_SEED repeats a run's choices.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { Cell, cellCount, cellOf, nowUs, PartyCell, Phase } from '../helpers/contender.js';
import { percentile, report, spread } from '../helpers/figures.js';
import { Party, type PartyKind } from '../helpers/party.js';
import { randomFrom, runSeed } from '../helpers/random.js';
import { makeCells, wordsOf } from '../helpers/shared-words.js';
import { until } from '../helpers/watchdog.js';

const rounds = Number(process.env.MP_KILL_ROUNDS ?? 300);
const victims = (process.env.MP_KILL_VICTIMS ?? 'process') as PartyKind;
/** Two block their thread, two await. */
const seats = [false, false, true, true];
/** Processes that wait for the next deaths, started together while the players pause. */
const sparesAtOnce = 6;

const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Game {
  readonly lock = new mp.Lock();
  readonly seed = runSeed();
  readonly random = randomFrom(this.seed);
  readonly recoveriesMs: number[] = [];
  readonly deaths = { outside: 0, entering: 0, inside: 0, leaving: 0 };
  readonly #memory = makeCells(cellCount(seats.length));
  readonly #players: Party[] = [];
  readonly #playing = new Map<Party, Promise<unknown>>();
  readonly #spares: Party[] = [];
  #seedOfParty = this.seed;

  cell(index: number): number {
    return Atomics.load(this.#memory.cells, index);
  }

  counts(): number[] {
    return seats.map((_, i) => this.cell(cellOf(i, PartyCell.count)));
  }

  async open(): Promise<void> {
    await this.refill();
    for (const [seat] of seats.entries()) this.seat(seat);
    await this.progressOf(seats.map((_, seat) => seat));
  }

  /** A process that starts takes the processor from those whose recovery is measured. */
  async refill(): Promise<void> {
    if (this.#spares.length >= seats.length) return;
    Atomics.store(this.#memory.cells, Cell.pause, 1);
    const starts = Array.from({ length: sparesAtOnce }, async () => {
      this.#spares.push(await Party.start(victims));
    });
    await Promise.all(starts);
    Atomics.store(this.#memory.cells, Cell.pause, 0);
    const playing = seats
      .map((_, seat) => seat)
      .filter((seat) => this.#players[seat] !== undefined);
    await this.progressOf(playing);
  }

  /** Puts a fresh process on a seat. */
  seat(seat: number): void {
    const player = this.#spares.shift()!;
    Atomics.store(this.#memory.cells, cellOf(seat, PartyCell.phase), Phase.outside);
    Atomics.store(this.#memory.cells, cellOf(seat, PartyCell.blockMs), 0);
    Atomics.store(this.#memory.cells, cellOf(seat, PartyCell.blocked), 0);
    this.#players[seat] = player;
    const playing = player.play('contend', [this.lock], {
      handle: this.#memory.handle,
      party: seat,
      awaiting: seats[seat],
      seed: ++this.#seedOfParty,
    });
    // It ends by the kill that the game deals, or with the game.
    playing.catch(() => undefined);
    this.#playing.set(player, playing);
  }

  /** Until each of these seats has had the lock once more. */
  async progressOf(seatsToSee: readonly number[], limitMs = 10_000): Promise<void> {
    const before = this.counts();
    const behind = () => seatsToSee.filter((seat) => this.counts()[seat] === before[seat]);
    try {
      await until('progress of all', () => behind().length === 0, limitMs);
    } catch (error) {
      const { low, high } = wordsOf(this.lock);
      throw new Error(
        `seats ${behind().join(', ')} hang (seed ${this.seed}, lock ${low.toString(16)} ` +
          `${high.toString(16)}, counts ${this.counts().join(' ')})`,
        { cause: error },
      );
    }
  }

  /** A random seat; every other time the one that holds the lock at this moment. */
  victim(): number {
    const owner = this.cell(Cell.owner);
    if (this.random() < 0.5 && owner !== 0) return owner - 1;
    return Math.floor(this.random() * seats.length);
  }

  async killRound(): Promise<void> {
    await this.refill();
    await sleepMs(this.random() * 4);
    const seat = this.victim();
    const sightingsBefore = this.cell(Cell.sightings);
    const killedAtUs = nowUs();
    await this.#players[seat]!.kill();
    const phase = this.cell(cellOf(seat, PartyCell.phase));
    await this.progressOf(seats.map((_, i) => i).filter((i) => i !== seat));
    this.judge(phase, this.cell(Cell.sightings) - sightingsBefore, killedAtUs);
    this.seat(seat);
  }

  judge(phase: number, sightings: number, killedAtUs: number): void {
    const name = (Object.keys(Phase) as (keyof typeof Phase)[]).find(
      (key) => Phase[key] === phase,
    )!;
    this.deaths[name]++;
    const most = phase === Phase.outside ? 0 : 1;
    const least = phase === Phase.inside ? 1 : 0;
    assert.ok(
      sightings >= least && sightings <= most,
      `after a death ${name} the lock was seen abandoned ${sightings} times (seed ${this.seed})`,
    );
    assert.equal(this.cell(Cell.violations), 0, `two were inside at once (seed ${this.seed})`);
    if (sightings === 0) return;
    const us = (this.cell(Cell.recoveredAtUs) - killedAtUs) & 0x3fffffff;
    this.recoveriesMs.push(us / 1000);
  }

  /** Blocks the event loop of an awaiting seat; the others must go on all the time. */
  async blockRound(seat: number, ms: number): Promise<void> {
    const others = seats.map((_, i) => i).filter((i) => i !== seat);
    const blocked = () => this.cell(cellOf(seat, PartyCell.blocked)) !== 0;
    const asked = () => this.cell(cellOf(seat, PartyCell.blockMs)) !== 0;
    Atomics.store(this.#memory.cells, cellOf(seat, PartyCell.blockMs), ms);
    await until('the event loop blocked', () => !asked());
    do await this.progressOf(others, 2_000);
    while (blocked());
    await this.progressOf([seat]);
    assert.equal(this.cell(Cell.violations), 0, `two were inside at once (seed ${this.seed})`);
  }

  async close(): Promise<void> {
    Atomics.store(this.#memory.cells, Cell.stop, 1);
    const players = [...this.#players, ...this.#spares];
    await Promise.all(
      players.map(async (player) => {
        await this.#playing.get(player);
        await player.end();
      }),
    );
  }
}

describe('four processes that contend for a lock', function () {
  this.timeout(60_000 + rounds * 1_000);
  let game: Game;

  beforeEach(async () => {
    game = new Game();
    await game.open();
  });
  afterEach(() => game.close());

  it(`${rounds} deaths by SIGKILL at random moments: no hang, no overlap, abandoned iff held`, async () => {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) await game.killRound();
    const { inside, outside, entering, leaving } = game.deaths;
    const perRound = ((performance.now() - start) / rounds).toFixed(0);
    report(`seed ${game.seed}, ${perRound} ms a round`);
    report(`died inside ${inside}, outside ${outside}, entering ${entering}, leaving ${leaving}`);
    report(`kill → next owner: ${spread(game.recoveriesMs)}`);
    assert.ok(inside > 0, 'no owner was ever killed');
    assert.ok(percentile(game.recoveriesMs, 0.5) <= 60);
  });

  it('an event loop that blocks while it awaits the lock does not stop the others', async () => {
    for (const ms of [1, 5, 20, 60, 3, 120]) {
      await game.blockRound(2, ms);
      await game.blockRound(3, ms);
    }
    await game.blockRound(2, 5_000);
  });
});
