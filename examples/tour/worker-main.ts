// A worker process of the tour: gets the shared objects, waits at the gate, does its job.
import { MultiprocessingError } from 'node-multiprocessing';

import type { Job, Notice, Order } from './crew';
import { attachKit } from './kit';
import { awaitingJobs } from './awaiting';
import { countingJobs } from './counting';
import { seatsJobs } from './seats';

const jobs: Readonly<Record<string, Job>> = { ...countingJobs, ...awaitingJobs, ...seatsJobs };

/** Resolves when the notice is on its way, for what follows may block this thread. */
function tell(notice: Notice): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(notice, () => {
      resolve();
    });
  });
}

/** When the tour ends, by whatever way, so do its workers. */
const endWithTheTour = () => process.exit(1);
process.once('disconnect', endWithTheTour);

process.once('message', (order: Order) => {
  work(order).catch((error: unknown) => {
    // The tour was ended before this process had attached.
    const stale = error instanceof MultiprocessingError && error.code === 'ERR_MP_HANDLE_STALE';
    if (stale) endWithTheTour();
    throw error;
  });
});

async function work({ kit: handle, job: name, number }: Order): Promise<void> {
  const kit = attachKit(handle);
  const job = jobs[name];
  if (job === undefined) throw new Error(`no such job: ${name}`);
  await tell('waiting');
  await kit.gate.acquire();
  await job(kit, number);
  await tell('done');
  process.off('disconnect', endWithTheTour);
  process.disconnect();
}
