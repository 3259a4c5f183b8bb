// Two threads with names and one without: it is called after its number and its function.
import * as mp from 'node-multiprocessing';

const { Thread, currentThread } = mp.threading;

/** Starts, and exits when all three have. */
async function work(all: mp.Barrier): Promise<void> {
  const { name } = currentThread();
  console.log(`${name} is Starting`);
  await all.wait();
  console.log(`${name} is Exiting`);
}

export const firstFunc = async (all: mp.Barrier) => work(all);
export const secondFunc = async (all: mp.Barrier) => work(all);
export const thirdFunc = async (all: mp.Barrier) => work(all);

async function main(): Promise<void> {
  const args: [mp.Barrier] = [new mp.Barrier(3)];
  const threads = [
    new Thread({ name: 'first_func', target: firstFunc, args }),
    new Thread({ name: 'second_func', target: secondFunc, args }),
    new Thread({ target: thirdFunc, args }),
  ];
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// first_func is Starting
// second_func is Starting
// Thread-1 (thirdFunc) is Starting
// Prints, in any order:
// first_func is Exiting
// second_func is Exiting
// Thread-1 (thirdFunc) is Exiting
