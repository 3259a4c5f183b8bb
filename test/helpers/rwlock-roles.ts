// What the other party of a test does with an RWLock.
import type * as mp from 'node-multiprocessing';

import { openCells, type CellsHandle, type Shared } from './shared-words.js';

export interface SideCall {
  readonly side: 'reader' | 'writer';
  readonly method: 'acquire' | 'acquireSync' | 'tryAcquire' | 'release';
  readonly timeout?: number;
}

/** Calls a method of one side of [lock]. */
export function rwlock([lock]: readonly Shared[], { side, method, timeout }: SideCall): unknown {
  const called = (lock as mp.RWLock)[side];
  if (method === 'acquire') return called.acquire({ timeout });
  if (method === 'acquireSync') return called.acquireSync({ timeout });
  return called[method]();
}

export interface Mixing {
  readonly handle: CellsHandle;
  readonly times: number;
  readonly awaiting: boolean;
}

/** Cells: two that writers keep equal, how many read, violations, most readers at once. */
export const RWCell = { one: 0, two: 1, readers: 2, violations: 3, most: 4 } as const;

function look(cells: Int32Array): void {
  const readers = Atomics.add(cells, RWCell.readers, 1) + 1;
  if (readers > cells[RWCell.most]!) cells[RWCell.most] = readers;
  if (cells[RWCell.one] !== cells[RWCell.two]) Atomics.add(cells, RWCell.violations, 1);
  Atomics.sub(cells, RWCell.readers, 1);
}

function change(cells: Int32Array): void {
  if (Atomics.load(cells, RWCell.readers) !== 0) Atomics.add(cells, RWCell.violations, 1);
  cells[RWCell.one]!++;
  cells[RWCell.two]!++;
}

/** Reads mostly and writes every fourth time. */
export async function readAndWrite(
  [lock]: readonly Shared[],
  { handle, times, awaiting }: Mixing,
): Promise<void> {
  const cells = openCells(handle);
  const { reader, writer } = lock as mp.RWLock;
  for (let i = 0; i < times; i++) {
    const side = i % 4 === 3 ? writer : reader;
    const section = () => {
      (side === writer ? change : look)(cells);
    };
    if (awaiting) await side.runExclusive(section);
    else side.runExclusiveSync(section);
  }
}
