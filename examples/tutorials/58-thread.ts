// Five threads, each started and joined before the next.
import * as mp from 'node-multiprocessing';

export function func(i: number): void {
  console.log(`function called by thread ${i}`);
}

async function main(): Promise<void> {
  const threads: mp.threading.Thread[] = [];
  for (let i = 0; i < 5; i++) {
    const thread = new mp.threading.Thread({ target: func, args: [i] });
    threads.push(thread);
    await thread.start();
    await thread.join();
  }
}

if (mp.isMainProcess()) void main();

// Prints:
// function called by thread 0
// function called by thread 1
// function called by thread 2
// function called by thread 3
// function called by thread 4
