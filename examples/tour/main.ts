// The tour: what this package does, on real processes, each result checked. `npm start` runs it;
// the exit code is 1 when a result is wrong. Ctrl-C ends it with all its processes.
import { openMemory } from '#internal/memory/memory';
import { availableParallelism } from 'node:os';

import { isMainProcess } from 'node-multiprocessing';

import { awaiting } from './awaiting';
import { counting } from './counting';
import { meeting } from './meeting';
import { messages } from './messages';
import { pools } from './pools';
import { processes } from './processes';
import { Report, seconds } from './report';
import { twoSeats } from './seats';
import { threads } from './threads';

const sections = [processes, counting, awaiting, twoSeats, meeting, threads, pools, messages];

async function main(): Promise<void> {
  const startMs = performance.now();
  const report = new Report();
  console.log('A tour of node-multiprocessing: real processes, shared memory, checked results.');
  console.log(
    `Node ${process.version}, CPUs: ${availableParallelism()}, back end: ${openMemory().name}`,
  );
  for (const [i, section] of sections.entries()) await report.section(i + 1, section);
  const outcome =
    report.failed === 0
      ? `All ${report.passed} results are right`
      : `${report.failed} of ${report.passed + report.failed} results are WRONG`;
  console.log(`\n${outcome} (${seconds(performance.now() - startMs)}).`);
  if (report.failed > 0) process.exitCode = 1;
}

// The children of the tour run this file again, to find their functions.
if (isMainProcess()) void main();
