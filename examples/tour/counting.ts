// Section 2: processes that add to one number, with the lock and without it.
import { Crew, type Job } from './crew';
import type { Kit } from './kit';
import { grouped, type Report, type Section } from './report';

const processes = 5;
const rounds = 100_000;
const expected = processes * rounds;
/** Processes that happen to run one after the other lose nothing: then try again. */
const attempts = 5;

function addUnderLock({ lock, numbers }: Kit): void {
  for (let i = 0; i < rounds; i++) {
    lock.acquireSync();
    numbers[0]!++;
    lock.release();
  }
}

function addWithoutLock({ numbers }: Kit): void {
  for (let i = 0; i < rounds; i++) numbers[0]!++;
}

export const countingJobs = { addUnderLock, addWithoutLock } satisfies Record<string, Job>;

/** What the number is when all have added, and how long that took. */
async function countBy(job: keyof typeof countingJobs): Promise<{ sum: number; tookMs: number }> {
  await using crew = await Crew.start(job, processes);
  const tookMs = await crew.run();
  return { sum: crew.kit.numbers[0]!, tookMs };
}

async function countWithoutLock(report: Report): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { sum, tookMs } = await countBy('addWithoutLock');
    if (sum === expected) continue;
    const lost = `${grouped(expected - sum)} additions lost`;
    report.check(`without it: ${grouped(sum)}; ${lost}`, sum < expected, tookMs);
    return;
  }
  report.note(
    `without it: ${grouped(expected)} too, in ${attempts} attempts: the processes ran one after ` +
      'the other, as they mostly do on one CPU',
  );
}

export const counting: Section = {
  title: 'Counting together',
  about: `${processes} processes add 1 to the same number, ${grouped(rounds)} times each.`,
  async run(report) {
    const { sum, tookMs } = await countBy('addUnderLock');
    report.check(`under the lock: ${grouped(sum)}`, sum === expected, tookMs);
    await countWithoutLock(report);
  },
};
