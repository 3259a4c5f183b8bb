// Section 4: a semaphore that lets two of five in.
import { setTimeout as sleep } from 'node:timers/promises';

import { Crew, type Job } from './crew';
import type { Kit } from './kit';
import type { Section } from './report';

const users = 5;
const visits = 4;
const stayMs = 20;
const seats = 2;
/** Places in the shared numbers. */
const inside = 0;
const mostInside = 1;
const visitsMade = 2;

async function visit({ seats: semaphore, numbers }: Kit): Promise<void> {
  for (let i = 0; i < visits; i++) {
    await semaphore.runExclusive(async () => {
      // Two are allowed in, so these numbers need atomic changes.
      raiseTo(numbers, mostInside, Atomics.add(numbers, inside, 1) + 1);
      await sleep(stayMs);
      Atomics.add(numbers, visitsMade, 1);
      Atomics.sub(numbers, inside, 1);
    });
  }
}

function raiseTo(numbers: Int32Array, index: number, value: number): void {
  let seen = Atomics.load(numbers, index);
  while (seen < value) {
    const before = Atomics.compareExchange(numbers, index, seen, value);
    if (before === seen) return;
    seen = before;
  }
}

export const seatsJobs = { visit } satisfies Record<string, Job>;

export const twoSeats: Section = {
  title: 'Two seats for five',
  about: `${users} processes come ${visits} times for ${stayMs} ms each; Semaphore(2) lets two in.`,
  async run(report) {
    await using crew = await Crew.start('visit', users);
    const tookMs = await crew.run();
    const { numbers, seats: semaphore } = crew.kit;
    const most = numbers[mostInside]!;
    const made = numbers[visitsMade]!;
    report.check(`never more than ${seats} inside: at most ${most}`, most === seats);
    report.check(`all came to their turn: ${made} visits`, made === users * visits, tookMs);
    report.check('all have left', numbers[inside] === 0 && semaphore.value === seats);
  },
};
