// The stresses of all primitives, and what must hold of each while everybody pauses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as mp from 'node-multiprocessing';

import { spread } from '../../helpers/figures';
import { seats, Word } from './board';
import * as holders from './holders';
import * as meeting from './meeting';
import {
  BarrierSeat,
  EventSeat,
  List,
  Meeting,
  nowUs,
  Round,
  roundOf,
  waitsForEver,
} from './meeting';
import { sleep } from './player';
import { Stress } from './stress';

/** It blocks in a wait of the addon, which no other sleep of Node resembles. */
function sleepsInWait(pid: number): boolean {
  const [futex, futexWaitv, isPrivate] = [202, 449, 128];
  const [number, , operation] = readFileSync(`/proc/${String(pid)}/syscall`, 'utf8').split(' ');
  if (Number(number) === futexWaitv) return true;
  return Number(number) === futex && (Number(operation) & isPrivate) === 0;
}

abstract class LockStress<T extends mp.Lock | mp.RLock> extends Stress<T> {
  /** Whoever held it, it can be had. */
  protected async check(): Promise<void> {
    await this.object.runExclusive(() => undefined, { timeout: 5_000 });
    assert.equal(this.object.locked(), false, this.state());
  }
}

export class OfLock extends LockStress<mp.Lock> {
  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: holders.playLock, args: [...args], daemon: true });
  }
}

export class OfRLock extends LockStress<mp.RLock> {
  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: holders.playRLock, args: [...args], daemon: true });
  }
}

export const units = 3;

export class OfSemaphore extends Stress<mp.Semaphore> {
  /** Units that killed ones may have held, or not. */
  #uncertain = 0;

  constructor(
    semaphore: mp.Semaphore,
    readonly options: { readonly robust?: boolean; readonly bounded?: boolean } = {},
  ) {
    super(semaphore);
  }

  protected target(seat: number, seed: number): mp.Process {
    const args = [{ semaphore: this.object, units }, this.words, seat, seed] as const;
    return new mp.Process({ target: holders.playSemaphore, args: [...args], daemon: true });
  }

  /** What a killed one held is gone for ever, unless the semaphore is robust: it is put back. */
  protected override afterDeath(seat: number, phase: string): void {
    if (this.options.robust) return;
    if (phase === 'inside') {
      Atomics.and(this.words, Word.holders, ~(1 << seat));
      this.object.release();
    } else if (phase !== 'outside') this.#uncertain++;
  }

  protected override async turn(): Promise<void> {
    await super.turn();
    if (this.#uncertain === units - 1) await this.pause();
  }

  protected async check(): Promise<void> {
    const { object } = this;
    if (this.options.robust) {
      await this.until('all units back', () => object.value === units);
      return;
    }
    const release = () => {
      object.release();
    };
    const lost = units - object.value;
    assert.ok(lost >= 0 && lost <= this.#uncertain, `${lost} units are gone: ${this.state()}`);
    if (lost > 0) object.release(lost);
    this.#uncertain = 0;
    if (this.options.bounded) assert.throws(release, mp.OverReleaseError);
  }
}

export class OfCondition extends Stress<mp.Condition> {
  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: meeting.playCondition, args: [...args], daemon: true });
  }

  protected override isAtRest(seat: number): boolean {
    return super.isAtRest(seat) || this.of(seat, waitsForEver) === 1;
  }

  #waiting(): number {
    return this.seats.filter((seat) => this.of(seat, waitsForEver) === 1).length;
  }

  /** No item lies there while somebody waits, and each further one lets one go on. */
  protected async check(): Promise<void> {
    await this.#put(0);
    const { board } = this;
    await this.until('no item that is waited for', () => {
      return board.get(List.items) === 0 || this.#waiting() === 0;
    });
    while (this.#waiting() > 0) {
      const before = this.#waiting();
      await this.#put(1);
      await this.until('one notified', () => this.#waiting() < before);
    }
    const most = board.get(List.notified) + this.kills;
    assert.ok(board.get(List.woken) <= most, `woken without need: ${this.state()}`);
  }

  /** Until all have ended, there is an item for each that waits. */
  protected override async letGo(): Promise<void> {
    const deadline = performance.now() + 15_000;
    const isOver = () => this.parties.every((party) => party.exitCode !== null);
    while (!isOver() && performance.now() < deadline) {
      if (this.#waiting() > 0) await this.#put(1);
      await sleep(1);
    }
  }

  async #put(count: number): Promise<void> {
    await this.object.runExclusive(
      () => {
        if (this.object.abandoned) {
          this.board.add(List.notified, seats);
          this.object.notifyAll();
        }
        this.board.add(List.items, count);
        this.board.add(List.notified, count);
        this.object.notify(count);
      },
      { timeout: 5_000 },
    );
  }
}

export class OfEvent extends Stress<mp.Event> {
  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: meeting.playEvent, args: [...args], daemon: true });
  }

  /** One round: all wait, one sets, all have been woken; and one is killed somewhere. */
  protected override async turn(): Promise<void> {
    const { board } = this;
    const round = board.get(Round.number) + 1;
    board.set(Round.number, round);
    const when = Math.floor(this.random() * 8);
    const victim = Math.floor(this.random() * seats);
    if (when === 0) await this.#replace(victim, round - 1);
    await this.until('all wait', () => this.#waiters.every((seat) => this.#waits(seat, round)));
    if (when === 1 && victim !== 0) {
      // The one that waits: the others' turn must not go with it.
      await this.#replace(victim, round - 1);
      await this.until('it waits again', () => this.#waits(victim, round));
    }
    board.set(Round.toSet, round);
    if (when === 2) {
      // Just woken, or between set and clear.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#replace(victim, round);
    }
    await this.until('the set', () => board.get(Round.done) === round);
    await this.until('all woken', () =>
      this.#waiters.every((seat) => this.of(seat, EventSeat.seen) === round),
    );
  }

  get #waiters(): number[] {
    return this.seats.slice(1);
  }

  #waits(seat: number, round: number): boolean {
    if (this.of(seat, EventSeat.waitsIn) !== round) return false;
    return this.of(seat, EventSeat.blocks) === 0 || sleepsInWait(this.parties[seat]!.pid!);
  }

  async #replace(seat: number, seen: number): Promise<void> {
    await this.kill(seat);
    await this.fill(seat, { [EventSeat.seen]: seen });
  }

  protected check(): Promise<void> {
    assert.equal(this.object.isSet(), false, this.state());
    return Promise.resolve();
  }
}

/** Promised are 100 ms, on a machine that is not busy with eight processes. */
const longestUnseenMs = 1_000;

export class OfBarrier extends Stress<mp.Barrier> {
  /** From a death in the barrier to the first who knew of it. */
  readonly foundMs: number[] = [];
  #killedAtUs = 0;

  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: meeting.playBarrier, args: [...args], daemon: true });
  }

  protected override async turn(): Promise<void> {
    const end = performance.now() + this.random() * 80;
    while (performance.now() < end) {
      if (this.#knowing(this.seats).length === seats) this.#renew();
      await sleep(1);
    }
    const choice = this.random();
    if (choice < 0.1) this.object.abort();
    else if (choice < 0.2) {
      this.object.reset();
      this.object.abort();
    } else await this.#killOne();
  }

  async #killOne(): Promise<void> {
    const victim = Math.floor(this.random() * seats);
    const others = this.seats.filter((seat) => seat !== victim);
    const round = roundOf(this.object);
    const isInside = !this.object.broken && this.#isInside(victim, round);
    this.#killedAtUs = nowUs();
    await this.kill(victim);
    // While the round is the same one, and it was inside, it died in it.
    const diedInside = () => isInside && roundOf(this.object) === round;
    const patience = performance.now() + longestUnseenMs;
    while (diedInside() && !this.object.broken && performance.now() < patience) await sleep(1);
    const wasFound = this.object.broken;
    assert.ok(wasFound || !diedInside(), `a death unseen: ${this.state()}`);
    if (!wasFound) this.object.abort();
    await this.until('all know', () => this.#knowing(others).length === others.length);
    const first = Math.min(...others.map((seat) => this.#brokenAfterUs(seat)));
    if (wasFound && diedInside()) this.foundMs.push(first / 1000);
    this.#renew();
    await this.fill(victim);
  }

  /** Whether it has arrived in this round of the barrier, for certain. */
  #isInside(seat: number, round: number): boolean {
    if (this.of(seat, BarrierSeat.awaitsIn) === 1 + round) return true;
    const blocks = this.of(seat, BarrierSeat.blocksIn) === 1 + round;
    return blocks && sleepsInWait(this.parties[seat]!.pid!);
  }

  #brokenAfterUs(seat: number): number {
    return (this.of(seat, BarrierSeat.brokenAtUs) - this.#killedAtUs) & 0x3fffffff;
  }

  #knowing(among: readonly number[]): number[] {
    const next = this.board.get(Meeting.generation) + 1;
    return among.filter((seat) => this.of(seat, BarrierSeat.brokenIn) === next);
  }

  #renew(): void {
    for (let i = 0; i < 4; i++) this.board.set(Meeting.masks + i, 0);
    this.object.reset();
    this.board.add(Meeting.generation);
  }

  /** Nobody is at the barrier when all pause: one that waits is told that it is broken. */
  protected override isAtRest(seat: number): boolean {
    if (!this.object.broken) this.object.abort();
    return super.isAtRest(seat);
  }

  override figures(): string {
    const met = this.board.get(Meeting.rounds);
    return `${super.figures()}; met ${met} times; a death in it was known after ${spread(this.foundMs)}`;
  }

  protected check(): Promise<void> {
    this.#renew();
    assert.equal(this.object.nWaiting, 0, this.state());
    return Promise.resolve();
  }
}

export class OfRWLock extends Stress<mp.RWLock> {
  protected target(seat: number, seed: number): mp.Process {
    const args = [this.object, this.words, seat, seed] as const;
    return new mp.Process({ target: holders.playRWLock, args: [...args], daemon: true });
  }

  protected async check(): Promise<void> {
    const { reader, writer } = this.object;
    await writer.runExclusive(() => undefined, { timeout: 5_000 });
    await reader.runExclusive(() => undefined, { timeout: 5_000 });
    assert.deepEqual([reader.locked(), writer.locked()], [false, false], this.state());
  }
}
