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

export const eventRoles = { answerEvents, awaitEvent, setWhenAwaited, waitForEvent };
