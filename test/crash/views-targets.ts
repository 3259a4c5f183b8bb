// What the processes and threads of the tests of views run.
import * as mp from 'node-multiprocessing';

/** Looks at the next item or message, says so, and never releases it. */
export async function look(
  source: mp.Queue | mp.Connection,
  awaits: boolean,
  isLooking: mp.Event,
): Promise<void> {
  const view = await next(source, awaits);
  if (view.bytes.toString() !== 'first') throw new Error(`a view of ${view.bytes.toString()}`);
  isLooking.set();
  // Until it is killed.
  await new mp.Event().wait();
  view.release();
}

async function next(source: mp.Queue | mp.Connection, awaits: boolean): Promise<mp.ItemView> {
  if (source instanceof mp.Queue) return awaits ? await source.getView() : source.getViewSync();
  return awaits ? await source.recvView() : source.recvViewSync();
}
