// Deadlocks: threads that wait for each other. A thread is stuck when what it waits for is held by one
// that is stuck; of a semaphore, when all who have units are. Which threads those are is found by
// taking away, until nothing changes, all whose wait somebody can end.
import { ObjectKind } from '../native/binding.js';
import type { Wait } from './journal.js';
import type { Holder, Situation, Thread } from './situation.js';

/** One thread of a circle: what it waits for, and who of the circle holds that. */
export interface Link {
  readonly thread: Thread;
  readonly wait: Wait;
  readonly holder: Holder;
}

/** The circle that a wait leads to; undefined when it leads to none. */
export function circleFrom(situation: Situation, key: string): readonly Link[] | undefined {
  const stuck = stuckThreads(situation);
  const path: Link[] = [];
  for (let at = key; stuck.has(at);) {
    const before = path.findIndex(({ thread }) => thread.key === at);
    if (before >= 0) return path.slice(before);
    const link = linkOf(situation, stuck, at);
    if (link === undefined) return undefined;
    path.push(link);
    at = link.holder.thread.key;
  }
  return undefined;
}

/** Tells a circle from any other: it is the same as long as no wait and no hold of it has ended. */
export function signatureOf(circle: readonly Link[]): string {
  return circle
    .map(({ thread, wait, holder }) => {
      return [thread.key, wait.id, holder.thread.key, holder.hold.id].join(' ');
    })
    .join();
}

function stuckThreads(situation: Situation): Map<string, Thread> {
  const stuck = new Map(situation.threads.map((thread) => [thread.key, thread]));
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size;
    for (const key of [...stuck.keys()]) {
      if (linkOf(situation, stuck, key) === undefined) stuck.delete(key);
    }
  }
  return stuck;
}

function linkOf(
  situation: Situation,
  stuck: ReadonlyMap<string, Thread>,
  key: string,
): Link | undefined {
  const thread = stuck.get(key)!;
  const blocking = thread.waits.find(({ isBlocking }) => isBlocking);
  // A thread that is blocked awaits in vain too.
  for (const wait of blocking === undefined ? thread.waits : [blocking]) {
    const isSemaphore = wait.kind === ObjectKind.semaphore;
    const holders = obstacles(situation, wait);
    // What the same thread holds another part of it may release, unless it is blocked; and who
    // waits for a semaphore again may well be waiting for a signal.
    const canBeSelf = wait.isBlocking && !isSemaphore;
    const hopeless = holders.filter(({ thread: other }) => {
      return stuck.has(other.key) && (canBeSelf || other.key !== key);
    });
    const isStuck = hopeless.length > 0 && (!isSemaphore || hopeless.length === holders.length);
    if (isStuck) return { thread, wait, holder: hopeless[0]! };
  }
  return undefined;
}

/** The holders that a wait is for. */
function obstacles(situation: Situation, { place, mode }: Wait): readonly Holder[] {
  if (situation.isSignal(place)) return [];
  const holders = situation.holdersOf(place);
  return mode === 'read' ? holders.filter(({ hold }) => hold.mode === 'write') : holders;
}
