// A stress as its referee sees it: eight processes play with one object, a random one is killed
// again and again and replaced; nobody may hang, and nothing may be that must not be.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

import { randomFrom, runSeed } from '../../helpers/random';
import { until, within } from '../../helpers/watchdog';
import {
  Board,
  boardWords,
  Order,
  Phase,
  SeatWord,
  seatWord,
  seats,
  seatWords,
  Word,
} from './board';
import { sleep } from './player';

/** For all of a party's waits, on a busy machine too. */
const hangLimitMs = 15_000;
const longestBetweenKillsMs = 25;
const killsBetweenPauses = 12;
/** For a victim of the phase that was drawn. */
const longestLookMs = 3;

type Phases = keyof typeof Phase;

export abstract class Stress<T extends object> {
  readonly seed = runSeed();
  readonly random = randomFrom(this.seed);
  readonly words: Int32Array = new mp.Array('i', boardWords, { lock: false });
  /** Its seat is that of nobody. */
  readonly board = new Board(this.words, seats);
  readonly deaths: Record<Phases, number> = { outside: 0, entering: 0, inside: 0, leaving: 0 };
  kills = 0;
  pauses = 0;
  rounds = 0;
  longestMs = 0;
  protected readonly parties: mp.Process[] = [];
  readonly #seen = Array.from({ length: seats }, () => ({ count: 0, atMs: 0 }));
  #seedOfParty = this.seed;
  #isClosed = false;

  constructor(readonly object: T) {}

  /** What the process of a seat runs. */
  protected abstract target(seat: number, seed: number): mp.Process;

  /** While everybody pauses: is all as it must be? */
  protected abstract check(): Promise<void>;

  /** After a death in that phase, before the seat is taken again. */
  protected afterDeath?(seat: number, phase: Phases): void;

  /** The game is over: for those that wait for another player. */
  protected letGo(): Promise<void> {
    return Promise.resolve();
  }

  async open(): Promise<void> {
    await Promise.all(Array.from({ length: seats }, (_, seat) => this.fill(seat)));
  }

  /** Kills and replaces for so long. */
  async play(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await this.turn();
      this.watch();
      if (this.kills >= (this.pauses + 1) * killsBetweenPauses) await this.pause();
    }
    await this.pause();
  }

  protected async turn(): Promise<void> {
    await sleep(this.random() * longestBetweenKillsMs);
    await this.replace(this.victim());
  }

  async close(): Promise<void> {
    this.board.set(Word.order, Order.stop);
    await this.letGo();
    await this.until('the end of all', () => this.parties.every((one) => one.exitCode !== null));
    await Promise.all(this.parties.map((party) => within('a result', party.result())));
    for (let seat = 0; seat < seats; seat++) this.#account(seat);
    this.#isClosed = true;
  }

  /** Kills what is left after a failure. */
  async abandon(): Promise<void> {
    if (this.#isClosed) return;
    for (const party of this.parties) party.kill();
    await Promise.all(this.parties.map((party) => party.join()));
  }

  of(seat: number, word: number): number {
    return this.board.get(seatWord(seat, word));
  }

  /** One that is in a phase that was drawn, if somebody soon is; else any. */
  protected victim(): number {
    const any = Math.floor(this.random() * seats);
    const wished = Math.floor(this.random() * 4);
    if (wished === Phase.outside) return any;
    const end = performance.now() + longestLookMs;
    while (performance.now() < end) {
      for (let i = 0; i < seats; i++) {
        const seat = (any + i) % seats;
        if (this.of(seat, SeatWord.phase) === wished) return seat;
      }
    }
    return any;
  }

  protected async replace(seat: number): Promise<void> {
    await this.kill(seat);
    await this.fill(seat);
  }

  /** Everything that its owner's death does to the board is done when it resolves. */
  protected async kill(seat: number): Promise<void> {
    const bit = 1 << seat;
    const party = this.parties[seat]!;
    assert.equal(party.exitCode, null, `${this.state()}: seat ${seat} ended by itself`);
    Atomics.or(this.words, Word.doomed, bit);
    party.kill();
    await within('the victim to end', party.join());
    assert.equal(party.exitCode, -9, this.state());
    this.kills++;
    const phase = (Object.keys(Phase) as Phases[])[this.of(seat, SeatWord.phase)]!;
    this.deaths[phase]++;
    this.#account(seat);
    this.afterDeath?.(seat, phase);
    // In this order: see Board.enter.
    for (const mask of [Word.holders, Word.readers]) Atomics.and(this.words, mask, ~bit);
    Atomics.and(this.words, Word.doomed, ~bit);
  }

  #account(seat: number): void {
    this.rounds += this.of(seat, SeatWord.count);
    this.longestMs = Math.max(this.longestMs, this.of(seat, SeatWord.longestMs));
  }

  /** Starts a process for a seat, whose words are 0 but for some. */
  protected async fill(seat: number, known: Record<number, number> = {}): Promise<void> {
    for (let word = 0; word < seatWords; word++) {
      this.board.set(seatWord(seat, word), known[word] ?? 0);
    }
    this.#seen[seat] = { count: 0, atMs: performance.now() };
    const party = this.target(seat, ++this.#seedOfParty);
    await party.start();
    this.parties[seat] = party;
  }

  /** Fails when something was seen that must not be, or when somebody has stood still for long. */
  watch(): void {
    assert.equal(this.board.get(Word.violations), 0, this.state());
    const now = performance.now();
    for (const [seat, seen] of this.#seen.entries()) {
      const count = this.of(seat, SeatWord.count);
      if (count !== seen.count) this.#seen[seat] = { count, atMs: now };
      else assert.ok(now - seen.atMs < hangLimitMs, `seat ${seat} hangs: ${this.state()}`);
    }
  }

  protected isAtRest(seat: number): boolean {
    return this.of(seat, SeatWord.isPaused) === 1;
  }

  protected async pause(): Promise<void> {
    this.pauses++;
    this.board.set(Word.order, Order.pause);
    await this.until('a pause of all', () => this.seats.every((seat) => this.isAtRest(seat)));
    await this.check();
    this.board.set(Word.order, Order.play);
    await this.until('all play', () => this.seats.every((seat) => !this.isAtRest(seat)));
    const now = performance.now();
    for (const seat of this.seats) this.#seen[seat] = { count: this.of(seat, 1), atMs: now };
    this.watch();
  }

  protected get seats(): number[] {
    return Array.from({ length: seats }, (_, seat) => seat);
  }

  protected async until(what: string, condition: () => boolean): Promise<void> {
    try {
      await until(what, condition, hangLimitMs);
    } catch (error) {
      throw new Error(this.state(), { cause: error });
    }
  }

  /** For messages. */
  state(): string {
    return `seed ${this.seed}, ${this.kills} kills, ${inspect(this.object)}, ${[...this.words].join(' ')}`;
  }

  figures(): string {
    const { kills, rounds, pauses, longestMs } = this;
    const { outside, entering, inside, leaving } = this.deaths;
    return (
      `${rounds} rounds, ${kills} killed (${outside} outside, ${entering} entering, ${inside} inside, ` +
      `${leaving} leaving), ${pauses} pauses, longest wait ${longestMs} ms`
    );
  }
}
