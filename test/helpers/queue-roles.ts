// What the other party of a test does with queues; see Party.play.
import type * as mp from 'node-multiprocessing';

import type { Shared } from './shared-words.js';

type Objects = readonly Shared[];

/** Sends `count` items of the first queue back through the second, blocking. */
function echo([there, back]: Objects, { count }: { count: number }): void {
  for (let i = 0; i < count; i++) {
    (back as unknown as mp.Queue).putSync((there as unknown as mp.Queue).getSync());
  }
}

/** Puts 0 … count - 1, blocking. */
function putNumbers([queue]: Objects, { count }: { count: number }): void {
  for (let i = 0; i < count; i++) (queue as unknown as mp.Queue<number>).putSync(i);
}

/** Puts [name, 0], [name, 1], … for ever. */
function putForEver([queue]: Objects, { name }: { name: number }): void {
  for (let i = 0; ; i++) (queue as unknown as mp.Queue<[number, number]>).putSync([name, i]);
}

/** Passes items on from the first queue to the second for ever. */
function passOn([from, to]: Objects): void {
  for (;;) (to as unknown as mp.Queue).putSync((from as unknown as mp.Queue).getSync());
}

export const queueRoles = { echo, passOn, putForEver, putNumbers };
