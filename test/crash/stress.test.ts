// Every primitive under everything at once: eight processes, blocking and awaiting by turns, waits
// that time out, are aborted or last, and a random process killed every few milliseconds.
//
// MP_STRESS_MS sets how long each one is played with, MP_SEED repeats a run's choices.
import * as mp from 'node-multiprocessing';

import { report } from '../helpers/figures';
import * as games from './stress/games';
import type { Stress } from './stress/stress';

const playMs = Number(process.env.MP_STRESS_MS ?? 1_500);

const robust = { robust: true } as const;
const makers: Record<string, () => Stress<object>> = {
  Lock: () => new games.OfLock(new mp.Lock()),
  Condition: () => new games.OfCondition(new mp.Condition()),
  RLock: () => new games.OfRLock(new mp.RLock()),
  Semaphore: () => new games.OfSemaphore(new mp.Semaphore(games.units)),
  BoundedSemaphore: () =>
    new games.OfSemaphore(new mp.BoundedSemaphore(games.units), { bounded: true }),
  'robust Semaphore': () => new games.OfSemaphore(new mp.Semaphore(games.units, robust), robust),
  'Condition over a Lock': () => new games.OfCondition(new mp.Condition(new mp.Lock())),
  Event: () => new games.OfEvent(new mp.Event()),
  Barrier: () => new games.OfBarrier(new mp.Barrier(8)),
  RWLock: () => new games.OfRWLock(new mp.RWLock()),
};
/** What a cell of the test matrix runs. */
const few = ['Lock', 'Condition'];
const chosen = process.env.MP_TEST_CELL ? few : Object.keys(makers);

describe(`eight processes, ${String(playMs / 1000)} s for each primitive`, function () {
  this.timeout(60_000 + 2 * playMs);

  for (const name of chosen) {
    it(`${name}: whoever is killed, the others go on and nothing is wrong`, async () => {
      const stress = makers[name]!();
      try {
        await stress.open();
        await stress.play(playMs);
        await stress.close();
      } finally {
        await stress.abandon();
      }
      report(`seed ${String(stress.seed)}: ${stress.figures()}`);
    });
  }
});
