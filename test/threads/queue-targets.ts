// What the threads and processes of the queue tests do.
import * as mp from 'node-multiprocessing';

type Ordered<T> = mp.queue.PriorityQueue<T> | mp.queue.LifoQueue<T>;

/** Puts `count` numbers from `first`, blocking. */
export const putNumbers = (queue: Ordered<number>, first: number, count: number): void => {
  for (let i = 0; i < count; i++) queue.putSync(first + i);
};

/** The same, leaving its event loop free. */
export const putNumbersAwaiting = async (
  queue: Ordered<number>,
  first: number,
  count: number,
): Promise<void> => {
  const puts = Array.from({ length: count }, (_, i) => queue.put(first + i));
  await Promise.all(puts);
};

/** Everything until the queue is shut down. */
export const takeAll = async (queue: Ordered<number>): Promise<number[]> => {
  const taken: number[] = [];
  for await (const item of queue) {
    taken.push(item);
    queue.taskDone();
  }
  return taken;
};

/** The same, blocking. */
export const takeAllSync = (queue: Ordered<number>): number[] => {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(queue.getSync());
      queue.taskDone();
    } catch (error) {
      if (error instanceof mp.QueueShutDownError) return taken;
      throw error;
    }
  }
};

/** Says that it runs, then takes one item. */
export const takeOne = (queue: Ordered<number>, running: mp.Semaphore): number => {
  running.release();
  return queue.getSync();
};

/** Puts and takes until it is killed; tells `put` of what it has put, and of what it is about to. */
export const churn = (
  queue: Ordered<number>,
  first: number,
  [intended, done, taking, took]: readonly mp.RawArray<'i'>[],
): void => {
  for (let i = 0; ; i++) {
    intended![first] = i + 1;
    queue.putSync(i);
    done![first] = i + 1;
    if (i % 3 === 2) continue;
    taking![first]!++;
    queue.getSync();
    took![first]!++;
  }
};
