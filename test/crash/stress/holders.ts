// What the processes of a stress do with objects that are acquired and released.
import * as mp from 'node-multiprocessing';

import { Board, Phase, Word } from './board';
import { Player, type Forms } from './player';

interface Held {
  acquire(options?: { timeout?: number; signal?: AbortSignal }): Promise<boolean>;
  acquireSync(options?: { timeout?: number }): boolean;
  tryAcquire(): boolean;
  release(): void;
}

const formsOf = (object: Held): Forms<boolean> => ({
  blocking: (options) => object.acquireSync(options),
  awaited: (options) => object.acquire(options),
});

/** Acquires in a random form; false when the time was over. */
async function acquire(player: Player, object: Held): Promise<boolean> {
  if (player.chance(0.1)) return object.tryAcquire();
  return (await player.wait(formsOf(object), player.patience())) ?? false;
}

/** The inside of a lock that tells when its owner died. */
function insideLock(player: Player, lock: mp.Lock | mp.RLock): void {
  const { board } = player;
  const isSomethingLeft = board.enter(Word.holders);
  board.phase(Phase.inside);
  if (isSomethingLeft && !lock.abandoned) board.violation();
  if (lock.abandoned) board.clearDoomed(Word.holders);
  player.work();
}

function leave(player: Player): void {
  player.board.phase(Phase.leaving);
  player.board.leave(Word.holders);
}

/** A Lock. */
export function playLock(lock: mp.Lock, words: Int32Array, seat: number, seed: number) {
  const player = new Player(new Board(words, seat), seed);
  return player.play(async () => {
    player.board.phase(Phase.entering);
    if (await acquire(player, lock)) {
      insideLock(player, lock);
      leave(player);
      lock.release();
    }
    player.board.phase(Phase.outside);
  });
}

/** An RLock: one to three deep, by the blocking form or by runExclusive. */
export function playRLock(rlock: mp.RLock, words: Int32Array, seat: number, seed: number) {
  const player = new Player(new Board(words, seat), seed);
  const nest = (depth: number): void => {
    if (depth === 0) insideLock(player, rlock);
    else {
      rlock.runExclusiveSync(() => {
        nest(depth - 1);
      });
    }
  };
  const nestAwaiting = async (depth: number): Promise<void> => {
    if (depth > 0) return rlock.runExclusive(() => nestAwaiting(depth - 1));
    insideLock(player, rlock);
    if (player.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
  };
  const forms: Forms<boolean> = {
    blocking: (options) => {
      if (!rlock.acquireSync(options)) return false;
      nest(Math.floor(player.random() * 3));
      leave(player);
      rlock.release();
      return true;
    },
    awaited: async (options) => {
      const run = async () => {
        await nestAwaiting(Math.floor(player.random() * 3));
        leave(player);
        return true;
      };
      return rlock.runExclusive(run, options).catch(falseWhenLate);
    },
  };
  return player.play(async () => {
    player.board.phase(Phase.entering);
    await player.wait(forms, player.patience());
    player.board.phase(Phase.outside);
  });
}

export function falseWhenLate(error: unknown): false {
  if (error instanceof mp.TimeoutError) return false;
  throw error;
}

/** A semaphore of whatever kind. */
export function playSemaphore(
  { semaphore, units }: { readonly semaphore: mp.Semaphore; readonly units: number },
  words: Int32Array,
  seat: number,
  seed: number,
) {
  const player = new Player(new Board(words, seat), seed);
  return player.play(async () => {
    player.board.phase(Phase.entering);
    if (await acquire(player, semaphore)) {
      player.board.enter(Word.holders, units);
      player.board.phase(Phase.inside);
      player.work();
      leave(player);
      semaphore.release();
    }
    player.board.phase(Phase.outside);
  });
}

/** Words of an RWLock's stress: two that are equal whenever nobody writes. */
export const Twin = { one: Word.own, two: Word.own + 1 } as const;

function read(player: Player, lock: mp.RWLock): void {
  const { board } = player;
  board.enter(Word.readers, Infinity);
  board.phase(Phase.inside);
  if (!board.isEmpty(Word.holders)) board.violation();
  if (!lock.abandoned && board.get(Twin.one) !== board.get(Twin.two)) board.violation();
  player.work();
  board.phase(Phase.leaving);
  board.leave(Word.readers);
}

function write(player: Player, lock: mp.RWLock): void {
  const { board } = player;
  const isSomethingLeft = board.enter(Word.holders);
  board.phase(Phase.inside);
  if (!board.isEmpty(Word.readers)) board.violation();
  const { abandoned } = lock;
  if (isSomethingLeft && !abandoned) board.violation();
  if (abandoned) board.clearDoomed(Word.holders);
  else if (board.get(Twin.one) !== board.get(Twin.two)) board.violation();
  board.set(Twin.one, board.get(Twin.one) + 1);
  player.work();
  board.set(Twin.two, board.get(Twin.one));
  leave(player);
}

/** An RWLock: three readers to a writer; a reader may read again inside. */
export function playRWLock(lock: mp.RWLock, words: Int32Array, seat: number, seed: number) {
  const player = new Player(new Board(words, seat), seed);
  return player.play(async () => {
    const writes = player.chance(0.25);
    const side = writes ? lock.writer : lock.reader;
    player.board.phase(Phase.entering);
    if (await acquire(player, side)) {
      const nests = !writes && player.chance(0.1) && lock.reader.tryAcquire();
      (writes ? write : read)(player, lock);
      if (nests) lock.reader.release();
      side.release();
    }
    player.board.phase(Phase.outside);
  });
}
