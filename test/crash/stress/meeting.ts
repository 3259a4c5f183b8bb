// What the processes of a stress do with objects at which they wait for each other.
import * as mp from 'node-multiprocessing';

import { wordsOf } from '../../helpers/shared-words';
import { Board, Order, Phase, SeatWord, seats, Word } from './board';
import { falseWhenLate } from './holders';
import { Player, sleep, type Forms, type Patience } from './player';

/** Words of a condition's stress; those of the list are changed with the lock held. */
export const List = {
  items: Word.own,
  notified: Word.own + 1,
  woken: Word.own + 2,
  taken: Word.own + 3,
} as const;
/** Seat word: waits for an item, with no end to its patience. */
export const waitsForEver = SeatWord.own;
const room = 4;
/** The first seats never wait while there is room: else all could wait for each other. */
const producers = 2;

/** What is done with the list, with the lock held. */
class ListUser {
  constructor(
    readonly player: Player,
    readonly condition: mp.Condition,
  ) {}

  /** Whoever held the lock and died may have put an item and told nobody. */
  repair(): void {
    if (!this.condition.abandoned) return;
    this.player.board.clearDoomed(Word.holders);
    this.player.board.add(List.notified, seats);
    this.condition.notifyAll();
  }

  enter(): void {
    const isSomethingLeft = this.player.board.enter(Word.holders);
    if (isSomethingLeft && !this.condition.abandoned) this.player.board.violation();
    this.player.board.phase(Phase.inside);
    this.repair();
  }

  leave(): void {
    this.player.board.phase(Phase.leaving);
    this.player.board.leave(Word.holders);
  }

  put(): void {
    this.player.board.add(List.items);
    this.player.work();
    this.player.board.add(List.notified);
    this.condition.notify();
  }

  beforeWait(patience: Patience): void {
    const { timeout, abortAfter } = patience;
    const forEver = timeout === undefined && abortAfter === undefined;
    this.player.board.setMine(waitsForEver, forEver ? 1 : 0);
    this.leave();
  }

  /** After a wait: the lock is held again, however it ended. */
  afterWait(isNotified: boolean | undefined): void {
    this.player.board.setMine(waitsForEver, 0);
    this.enter();
    if (isNotified === true) this.player.board.add(List.woken);
  }

  takeIfThere(): boolean {
    const { board } = this.player;
    if (board.get(List.items) === 0) return false;
    board.add(List.items, -1);
    board.add(List.taken);
    return true;
  }
}

/** A Condition with a list: half of the rounds put an item, half wait for one. */
export function playCondition(
  condition: mp.Condition,
  words: Int32Array,
  seat: number,
  seed: number,
) {
  const player = new Player(new Board(words, seat), seed);
  const list = new ListUser(player, condition);
  const waits: Forms<boolean> = {
    blocking: (options) => condition.waitSync(options),
    awaited: (options) => condition.wait(options),
  };
  const inside = async (blocks: boolean): Promise<void> => {
    list.enter();
    const { board } = player;
    const puts = board.get(List.items) < room && (seat < producers || player.chance(0.5));
    if (puts && board.get(Word.order) === Order.play) list.put();
    else {
      // For ever or not, but the form is that in which the lock is held.
      while (!list.takeIfThere()) {
        const patience = { ...player.patience(), blocks };
        if (blocks && patience.abortAfter !== undefined) continue;
        list.beforeWait(patience);
        const isNotified = await player.wait(waits, patience);
        list.afterWait(isNotified);
        if (isNotified !== true) break;
      }
    }
    list.leave();
  };
  return player.play(async () => {
    player.board.phase(Phase.entering);
    if (player.chance(0.5)) {
      // No other turn of this thread's loop comes between: what blocks does not await.
      condition.acquireSync();
      await inside(true);
      condition.release();
    } else {
      await condition.runExclusive(() => inside(false), { timeout: 20 }).catch(falseWhenLate);
    }
    player.board.phase(Phase.outside);
  });
}

/** Words of an event's stress: the round that is on, and the last one that was set. */
export const Round = { number: Word.own, toSet: Word.own + 1, done: Word.own + 2 } as const;
/** Seat words: in which round it waits, in which form, which one it has seen the end of. */
export const EventSeat = {
  waitsIn: SeatWord.own,
  blocks: SeatWord.own + 1,
  seen: SeatWord.own + 2,
} as const;

/** Seat 0 sets and clears at once, when it is told to. */
async function setRounds(player: Player, event: mp.Event): Promise<void> {
  const { board } = player;
  const order = board.get(Round.toSet);
  if (board.get(Round.done) === order) return;
  event.set();
  if (player.chance(0.5)) player.work();
  event.clear();
  board.set(Round.done, order);
  await sleep(0);
}

/** An Event: seat 0 sets it once a round, the others must all be woken by that. */
export function playEvent(event: mp.Event, words: Int32Array, seat: number, seed: number) {
  const board = new Board(words, seat);
  const player = new Player(board, seed);
  if (seat === 0) return player.play(() => setRounds(player, event));
  const forms: Forms<boolean> = {
    blocking: (options) => event.waitSync(options),
    awaited: (options) => {
      const promise = event.wait(options);
      if (options === undefined) board.setMine(EventSeat.waitsIn, board.get(Round.number));
      return promise;
    },
  };
  return player.play(async () => {
    // Waits that end by themselves, or not, before the one that must be woken.
    const patience = player.patience();
    if (patience.timeout !== undefined || patience.abortAfter !== undefined) {
      await player.wait(forms, patience);
      return;
    }
    const round = board.get(Round.number);
    if (board.get(Word.order) !== Order.play || board.mine(EventSeat.seen) >= round) return;
    board.setMine(EventSeat.blocks, patience.blocks ? 1 : 0);
    if (patience.blocks) board.setMine(EventSeat.waitsIn, round);
    board.phase(Phase.entering);
    await player.wait(forms, patience);
    board.phase(Phase.outside);
    board.setMine(EventSeat.seen, round);
  });
}

/** Words of a barrier's stress: how often it was made as new; masks of the indices of four rounds. */
export const Meeting = { generation: Word.own, rounds: Word.own + 1, masks: Word.own + 2 } as const;
const masks = 4;
/**
 * Seat words: which generation it has seen broken; when, in µs of the common clock; 1 + the round
 * at whose meeting it is about to block, or awaits already.
 */
export const BarrierSeat = {
  brokenIn: SeatWord.own,
  brokenAtUs: SeatWord.own + 1,
  blocksIn: SeatWord.own + 2,
  awaitsIn: SeatWord.own + 3,
} as const;

const roundMask = 2 ** 28 - 1;

/** How many rounds of a barrier were completed or reset. */
export const roundOf = (barrier: mp.Barrier): number => wordsOf(barrier).low & roundMask;

/** A clock that all processes share, in µs, as a number that fits a word. */
export const nowUs = (): number => Number((process.hrtime.bigint() / 1000n) & 0x3fffffffn);

/** A Barrier: in lockstep until somebody breaks it, then again when it was made as new. */
export function playBarrier(barrier: mp.Barrier, words: Int32Array, seat: number, seed: number) {
  const board = new Board(words, seat);
  const player = new Player(board, seed);
  const forms: Forms<number> = {
    blocking: (options) => {
      board.setMine(BarrierSeat.blocksIn, 1 + roundOf(barrier));
      return barrier.waitSync(options);
    },
    awaited: (options) => {
      const before = roundOf(barrier);
      const promise = barrier.wait(options);
      board.setMine(BarrierSeat.awaitsIn, 1 + before);
      return promise;
    },
  };
  let [generation, round] = [0, 0];
  const passed = (index: number) => {
    const mask = (number: number) => Meeting.masks + (number % masks);
    if ((Atomics.or(words, mask(round), 1 << index) & (1 << index)) !== 0) board.violation();
    if (index < 0 || index >= barrier.parties) board.violation();
    if (index === 0) {
      // Nobody is there before this party has come once more.
      board.set(mask(round + 2), 0);
      board.add(Meeting.rounds);
    }
    round++;
  };
  const broken = async () => {
    board.setMine(BarrierSeat.brokenAtUs, nowUs());
    board.setMine(BarrierSeat.brokenIn, generation + 1);
    while (board.get(Meeting.generation) === generation && board.get(0) === Order.play) {
      await sleep(1);
    }
  };
  return player.play(async () => {
    if (board.get(Meeting.generation) !== generation) {
      [generation, round] = [board.get(Meeting.generation), 0];
    }
    // A few give up, which breaks it.
    const blocks = player.chance(0.5);
    const patience = player.chance(0.995) ? { blocks } : player.patience();
    board.phase(Phase.entering);
    const index = await player.wait(forms, patience).catch(undefinedWhenBroken);
    for (const word of [BarrierSeat.blocksIn, BarrierSeat.awaitsIn]) board.setMine(word, 0);
    board.phase(Phase.outside);
    if (index === undefined) await broken();
    else passed(index);
  });
}

function undefinedWhenBroken(error: unknown): undefined {
  if (!(error instanceof mp.BrokenBarrierError)) throw error;
  return undefined;
}
