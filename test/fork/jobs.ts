// What forked children do in tests. Loaded by the forkserver, so it is in memory when a child starts.
import { randomInt, randomUUID } from 'node:crypto';

import { stress } from './stress.js';

// Draws in advance, in the server, what its children would then all be given.
export const drawn = [randomInt(2), randomUUID()];

const jobs: Record<string, (job: never) => unknown> = {
  stress,
  /** Who this process is, and what it would draw. */
  identity: () => ({
    pid: process.pid,
    ppid: process.ppid,
    title: process.title,
    directory: process.cwd(),
    nowMs: performance.now(),
    originMs: performance.timeOrigin,
    uptimeSeconds: process.uptime(),
    variable: process.env.FORK_TEST_VARIABLE,
    random: [Math.random(), Math.random()],
    ints: [randomInt(2 ** 40), randomInt(2 ** 40)],
    uuid: crypto.randomUUID(),
    bytes: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex'),
  }),
  /** Ends as asked, with something under way. */
  end: ({ how, code }: { how: string; code: number }) => {
    process.on('exit', (exitCode) => {
      console.log(`exit ${String(exitCode)}`);
    });
    process.on('beforeExit', () => {
      console.log('beforeExit');
    });
    if (how === 'throw') throw new Error('thrown in a forked child');
    if (how === 'exit') process.exit(code);
    if (how === 'reject') return Promise.reject(new Error('rejected in a forked child'));
    process.exitCode = code;
    return new Promise((resolve) => setTimeout(resolve, 5));
  },
};

export async function run(): Promise<void> {
  const job = JSON.parse(process.env.FORK_TEST_JOB ?? '{}') as { readonly name: string };
  const result: unknown = await jobs[job.name]?.(job as never);
  if (result !== undefined) console.log(JSON.stringify(result));
}
