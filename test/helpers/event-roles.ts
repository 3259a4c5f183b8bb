// What the other party of a test can play with Events and Conditions; see roles.ts.
import type * as mp from 'node-multiprocessing';

import { openCells, untilAwaited, type CellsHandle, type Shared } from './shared-words.js';

type Objects = readonly Shared[];

interface Counted {
  readonly handle: CellsHandle;
}

/** Counts itself in the first cell, then waits for [event], blocking. */
function waitForEvent([event]: Objects, { handle }: Counted): boolean {
  Atomics.add(openCells(handle), 0, 1);
  return (event as mp.Event).waitSync();
}

/** The same, awaiting. */
function awaitEvent([event]: Objects, { handle }: Counted): Promise<boolean> {
  const wait = (event as mp.Event).wait();
  Atomics.add(openCells(handle), 0, 1);
  return wait;
}

/** Sets [event] as soon as somebody sleeps for it. */
async function setWhenAwaited([event]: Objects): Promise<void> {
  await untilAwaited(event!);
  (event as mp.Event).set();
}

/** Waits for [ping] and sets [pong], `rounds` times, blocking and awaiting in turn. */
async function answerEvents([ping, pong]: Objects, { rounds }: { rounds: number }): Promise<void> {
  const [asked, answered] = [ping as mp.Event, pong as mp.Event];
  for (let i = 0; i < rounds; i++) {
    if (i % 3 === 0) await asked.wait();
    else asked.waitSync();
    asked.clear();
    answered.set();
  }
}

interface Waiting extends Counted {
  readonly form: 'waitSync' | 'wait';
  readonly timeout?: number;
  /** How often it acquires the lock before it waits. */
  readonly depth?: number;
}

/**
 * Acquires [condition], counts itself in the first cell, waits, counts itself in the second, and
 * releases; what the wait gave.
 */
async function waitOnCondition([object]: Objects, settings: Waiting): Promise<boolean> {
  const condition = object as mp.Condition;
  const cells = openCells(settings.handle);
  const depth = settings.depth ?? 1;
  const options = settings.timeout === undefined ? undefined : { timeout: settings.timeout };
  for (let i = 0; i < depth; i++) condition.acquireSync();
  Atomics.add(cells, 0, 1);
  const notified =
    settings.form === 'wait' ? await condition.wait(options) : condition.waitSync(options);
  Atomics.add(cells, 1, 1);
  for (let i = 0; i < depth; i++) condition.release();
  return notified;
}

/** Notifies [condition] when somebody waits there, holding its lock for a moment longer. */
async function notifyWhenAwaited([object]: Objects): Promise<void> {
  const condition = object as mp.Condition;
  await untilAwaited(condition);
  condition.runExclusiveSync(() => {
    condition.notify();
  });
}

interface Moving extends Counted {
  readonly items: number;
  readonly awaiting: boolean;
}

/** The list of `produce` and `consume`: how many are stored, made and taken. */
const listCell = { stored: 0, moved: 1 } as const;
const room = 3;

/** Puts `items` into a list with little room: waits on [hasRoom], notifies [hasItems]. */
async function produce(objects: Objects, settings: Moving): Promise<void> {
  const [hasRoom, hasItems] = objects as [mp.Condition, mp.Condition];
  const cells = openCells(settings.handle);
  await move(hasRoom, hasItems, {
    ...settings,
    canMove: () => cells[listCell.stored]! < room,
    by: 1,
  });
}

/** Takes them out again. */
async function consume(objects: Objects, settings: Moving): Promise<void> {
  const [hasRoom, hasItems] = objects as [mp.Condition, mp.Condition];
  const cells = openCells(settings.handle);
  await move(hasItems, hasRoom, {
    ...settings,
    canMove: () => cells[listCell.stored]! > 0,
    by: -1,
  });
}

async function move(
  mine: mp.Condition,
  theirs: mp.Condition,
  settings: Moving & { readonly canMove: () => boolean; readonly by: number },
): Promise<void> {
  const { awaiting, by, canMove, handle, items } = settings;
  const cells = openCells(handle);
  const change = () => {
    cells[listCell.stored]! += by;
    cells[listCell.moved]!++;
    theirs.notify();
  };
  for (let i = 0; i < items; i++) {
    if (awaiting) {
      await mine.runExclusive(async () => {
        await mine.waitFor(canMove);
        change();
      });
    } else {
      mine.runExclusiveSync(() => {
        mine.waitForSync(canMove);
        change();
      });
    }
  }
}

export const eventRoles = {
  answerEvents,
  awaitEvent,
  consume,
  notifyWhenAwaited,
  produce,
  setWhenAwaited,
  waitForEvent,
  waitOnCondition,
};
