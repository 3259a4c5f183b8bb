// Section 3: locks that are awaited, guards, and a lock whose owner is killed.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { Crew, type Job } from './crew';
import { makeKit, type Kit } from './kit';
import { grouped, type Report, type Section } from './report';

const processes = 5;
const rounds = 200;
const holdMs = 50;

/** Reads, lets its event loop turn, and writes: only the lock keeps the others out meanwhile. */
async function addAcrossAwaits({ lock, numbers }: Kit): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await lock.runExclusive(async () => {
      const seen = numbers[0]!;
      await nextTurn();
      numbers[0] = seen + 1;
    });
  }
}

/** Changes one of two numbers that belong together, and gets no further. */
async function holdForEver({ lock, numbers }: Kit): Promise<void> {
  lock.acquireSync();
  numbers[0]! += 10;
  process.send?.('holding');
  await sleep(60_000);
  numbers[1]! -= 10;
  lock.release();
}

export const awaitingJobs = { addAcrossAwaits, holdForEver } satisfies Record<string, Job>;

async function countAcrossAwaits(report: Report): Promise<void> {
  await using crew = await Crew.start('addAcrossAwaits', processes);
  const tookMs = await crew.run();
  const sum = crew.kit.numbers[0]!;
  const what = `${processes} processes × ${rounds} additions, awaiting the lock for each`;
  report.check(`${what}: ${grouped(sum)}`, sum === processes * rounds, tookMs);
}

async function guard(report: Report, { lock }: Kit): Promise<void> {
  let lockedInside: boolean;
  {
    await using held = await lock.guard();
    lockedInside = lock.locked() && !held.abandoned;
  }
  report.check('a guard holds to the end of its block', lockedInside && !lock.locked());
}

async function outliveTheOwner(report: Report): Promise<void> {
  await using crew = await Crew.start('holdForEver', 1);
  const { kit } = crew;
  const holds = crew.heard('holding');
  kit.gate.release();
  await holds;

  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const waiting = kit.lock.guard();
  await sleep(holdMs);
  report.check(`while the lock was waited for, the event loop turned ${turns} times`, turns > 0);
  const killedMs = performance.now();
  crew.kill();
  const held = await waiting;
  const tookMs = performance.now() - killedMs;
  clearInterval(ticking);
  report.check(
    'its owner was killed with SIGKILL: the lock is ours, and abandoned',
    held.abandoned,
    tookMs,
  );
  repair(report, kit);
  held.release();
  using next = kit.lock.guardSync();
  report.check('the next one gets it as any other lock', !next.abandoned);
}

/** What abandoned is for: the dead owner may have been half-way. */
function repair(report: Report, { numbers }: Kit): void {
  const wasTorn = numbers[0]! + numbers[1]! !== 0;
  numbers[1] = -numbers[0]!;
  report.check('what it left half-done was seen and repaired', wasTorn);
}

export const awaiting: Section = {
  title: 'Awaiting a lock, and outliving its owner',
  about: 'The awaited forms never block the event loop; a killed owner never blocks the others.',
  async run(report) {
    await countAcrossAwaits(report);
    await guard(report, makeKit());
    await outliveTheOwner(report);
  },
};
