// Section 5: processes that wait for each other: Event, Condition, Barrier.
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

import type { Report, Section } from './report';

const waiters = 3;
const items = 20;
const room = 4;

export async function waitForStart(event: mp.Event, ready: mp.Semaphore): Promise<boolean> {
  const started = event.wait();
  ready.release();
  return started;
}

/** A list of bounded length in shared memory, and who waits for it to change. */
export interface Shelf {
  readonly changed: mp.Condition;
  readonly slots: mp.Array<'i'>;
  /** How many have been put and taken so far, and how many lay there at most. */
  readonly counts: mp.Array<'i'>;
}

export async function produce({ changed, slots, counts }: Shelf): Promise<void> {
  for (let item = 1; item <= items; item++) {
    await changed.runExclusive(async () => {
      await changed.waitFor(() => counts[0]! - counts[1]! < room);
      slots[counts[0]! % room] = item;
      counts[0]! += 1;
      counts[2] = Math.max(counts[2]!, counts[0]! - counts[1]!);
      changed.notifyAll();
    });
  }
}

export async function consume({ changed, slots, counts }: Shelf): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < items) {
    await changed.runExclusive(async () => {
      await changed.waitFor(() => counts[0]! > counts[1]!);
      taken.push(slots[counts[1]! % room]!);
      counts[1]! += 1;
      changed.notifyAll();
    });
  }
  return taken;
}

export async function meet(barrier: mp.Barrier, arrived: mp.Value<'i'>): Promise<number> {
  await sleep(20 * Math.random());
  arrived.add(1);
  await barrier.wait();
  return arrived.load();
}

async function eventForAll(report: Report): Promise<void> {
  const event = new mp.Event();
  const ready = new mp.Semaphore(0);
  const children = Array.from(
    { length: waiters },
    () => new mp.Process({ target: waitForStart, args: [event, ready] }),
  );
  for (const child of children) await child.start();
  for (let i = 0; i < waiters; i++) await ready.acquire();
  event.set();
  event.clear();
  const results = await Promise.all(children.map((child) => child.result()));
  report.check(
    `one Event lets ${waiters} waiters go, though it is cleared at once`,
    results.every(Boolean),
  );
}

async function boundedList(report: Report): Promise<void> {
  const shelf: Shelf = {
    changed: new mp.Condition(),
    slots: new mp.Array('i', room),
    counts: new mp.Array('i', 3),
  };
  const producer = new mp.Process({ target: produce, args: [shelf] });
  const consumer = new mp.Process({ target: consume, args: [shelf] });
  await producer.start();
  await consumer.start();
  const taken = await consumer.result();
  const inOrder = taken.every((item, i) => item === i + 1) && taken.length === items;
  report.check(`producer and consumer with a Condition: ${taken.length} items, in order`, inOrder);
  const most = shelf.counts[2]!;
  report.check(`never more than ${room} on the shelf: at most ${most}`, most <= room);
  await producer.join();
}

async function barrierForAll(report: Report): Promise<void> {
  const barrier = new mp.Barrier(waiters);
  const arrived = new mp.Value('i', 0);
  const children = Array.from(
    { length: waiters },
    () => new mp.Process({ target: meet, args: [barrier, arrived] }),
  );
  for (const child of children) await child.start();
  const seen = await Promise.all(children.map((child) => child.result()));
  const allSawAll = seen.every((count) => count === waiters);
  report.check(`a Barrier keeps ${waiters} processes until all have come`, allSawAll);
}

export const meeting: Section = {
  title: 'Waiting for each other',
  about: 'Event, Condition and Barrier between processes; nobody polls, nobody is forgotten.',
  async run(report) {
    await eventForAll(report);
    await boundedList(report);
    await barrierForAll(report);
  },
};
