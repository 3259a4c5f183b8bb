// What the other party of a test does at a barrier.
import type * as mp from 'node-multiprocessing';

import { openCells, type CellsHandle, type Shared } from './shared-words.js';

export type MeetingForm = 'wait' | 'waitSync' | 'both';

export interface Meeting {
  readonly handle: CellsHandle;
  readonly times: number;
  readonly form: MeetingForm;
}

/** Cells: how often somebody came, how often somebody went on, violations, sum of the indices. */
export const MeetingCell = { came: 0, left: 1, violations: 2, indices: 3 } as const;

/** Passes [barrier] `times` times and checks the lockstep: nobody is a round ahead. */
export async function meet(
  [barrier]: readonly Shared[],
  { handle, times, form }: Meeting,
): Promise<void> {
  const cells = openCells(handle);
  const meeting = barrier as mp.Barrier;
  const { parties } = meeting;
  for (let round = 1; round <= times; round++) {
    Atomics.add(cells, MeetingCell.came, 1);
    const blocking = form === 'waitSync' || (form === 'both' && round % 2 === 0);
    const index = blocking ? meeting.waitSync() : await meeting.wait();
    const came = Atomics.load(cells, MeetingCell.came);
    const isAhead = came < round * parties;
    const isFarAhead = came > (round + 1) * parties;
    if (isAhead || isFarAhead) Atomics.add(cells, MeetingCell.violations, 1);
    Atomics.add(cells, MeetingCell.indices, index);
    Atomics.add(cells, MeetingCell.left, 1);
  }
}
