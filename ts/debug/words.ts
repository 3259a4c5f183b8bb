// What warnings say.
import { writeSync } from 'node:fs';

import { ObjectKind } from '../native/binding.js';
import type { Link } from './circles.js';
import type { ObjectPlace, Wait } from './journal.js';
import type { Holder, Situation, Thread } from './situation.js';

const titles: Readonly<Record<number, string>> = {
  [ObjectKind.lock]: 'Lock',
  [ObjectKind.rlock]: 'RLock',
  [ObjectKind.semaphore]: 'Semaphore',
  [ObjectKind.rwlock]: 'RWLock',
};

/** One warning on stderr, written at once: the thread may be about to block. */
export function warn(lines: readonly string[]): void {
  try {
    writeSync(2, `node-multiprocessing: ${lines.join('\n  ')}\n`);
  } catch {
    // Nobody listens.
  }
}

/** Lines about a deadlock, in which the thread `key` may be. */
export function deadlockLines(
  situation: Situation,
  circle: readonly Link[],
  key: string,
): string[] {
  const isIn = circle.some(({ thread }) => thread.key === key);
  const count = circle.length === 1 ? 'a thread waits' : `${String(circle.length)} threads wait`;
  const self = circle.length === 1 ? 'for what it holds itself' : 'for each other';
  return [
    `deadlock: ${count} ${self}${isIn ? '' : ', and this one waits for them'}`,
    ...circle.flatMap(({ thread, wait, holder }) => [
      waitLine(situation, thread, wait),
      `  ${holderLine(holder)}`,
    ]),
    ...doubts(circle),
  ];
}

function doubts(circle: readonly Link[]): string[] {
  const lines: string[] = [];
  if (!circle.every(({ wait }) => wait.isBlocking)) {
    lines.push('It is none if another part of a thread that only awaits will release.');
  }
  if (circle.some(({ wait }) => wait.kind === ObjectKind.semaphore)) {
    lines.push('It is none if a thread that has no unit of the semaphore will release one.');
  }
  return lines;
}

/** Lines about a wait that lasts. */
export function longWaitLines(situation: Situation, thread: Thread, wait: Wait): string[] {
  const holders = situation.holdersOf(wait.place);
  const lines = holders.map((holder) => holderLine(holder));
  return [
    `a long wait: ${waitLine(situation, thread, wait)}`,
    ...(lines.length > 0 ? lines : [unknownHolder(situation, wait)]),
  ];
}

/** A warning about an object that was made while a module was loaded in a child. */
export function moduleLevelLines(kind: ObjectKind, made: string, used: string): string[] {
  return [
    `the ${titles[kind]!} that is used at ${used} is another one in each process:`,
    `it was made at the top level of a module, at ${made}, which each child loads anew.`,
    "Pass it to the child in args, or give it a name: open('name', { create: true })",
  ];
}

function waitLine(situation: Situation, thread: Thread, wait: Wait): string {
  const limit = wait.timeoutMs === null ? '' : `, for ${secondsOf(wait.timeoutMs)} at most,`;
  return (
    `${nameOf(thread)} has waited for ${secondsOf(Date.now() - wait.since)}${limit} for ` +
    `${sideOf(wait)}${objectName(situation, wait)}, in ${wait.method}() at ${wait.site}`
  );
}

function holderLine({ thread, hold }: Holder): string {
  const what =
    hold.kind === ObjectKind.semaphore ? `${String(hold.count)} of its units are` : 'it is';
  const how = hold.mode === 'read' ? ' to read' : '';
  return (
    `${what} held by ${nameOf(thread)}${how}, for ${secondsOf(Date.now() - hold.since)} now, ` +
    `acquired at ${hold.site}`
  );
}

function unknownHolder(situation: Situation, { place, kind }: Wait): string {
  const owner = situation.objectAt(place)?.object.owner;
  if (owner === undefined || kind === ObjectKind.semaphore) {
    return 'nobody who says so has it: a process without the debug mode, or one that has ended';
  }
  const { pid, tid } = owner;
  return `it is held by process ${String(pid)}, thread ${String(tid)}, which does not say where`;
}

function nameOf({ pid, thread, name }: Thread): string {
  const worker = thread === 0 ? '' : `, worker thread ${String(thread)}`;
  return `process ${String(pid)} (${name}${worker})`;
}

function sideOf({ mode }: Wait): string {
  return mode === undefined ? '' : `the ${mode === 'read' ? 'reader' : 'writer'} of `;
}

function objectName(
  situation: Situation,
  { place, kind }: { place: ObjectPlace; kind: ObjectKind },
) {
  const title = titles[kind] ?? 'object';
  const segment = situation.objectAt(place)?.segment;
  const offset = `0x${place.offset.toString(16)}`;
  if (segment?.name !== undefined) return `${title} ${JSON.stringify(segment.name)}`;
  const made = situation.madeAt(place);
  if (made !== undefined) return `the ${title} made at ${made}`;
  return `${title} ${offset} of ${segment?.memory ?? `tree ${place.segment.slice(0, 8)}`}`;
}

function secondsOf(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
