// What Python's `with` does, for every kind of lock, and the same by hand.
import * as mp from 'node-multiprocessing';

type Acquirable = mp.Lock | mp.RLock | mp.Condition | mp.Semaphore;

const log = (text: string) => {
  console.log(`(${mp.threading.currentThread().name.padEnd(10)}) ${text}`);
};

export function withGuard(statement: Acquirable): void {
  using _held = statement.guardSync();
  log('acquired via with');
}

export function withoutGuard(statement: Acquirable): void {
  statement.acquireSync();
  try {
    log('acquired directly');
  } finally {
    statement.release();
  }
}

async function main(): Promise<void> {
  const statements = [new mp.Lock(), new mp.RLock(), new mp.Condition(), new mp.Semaphore(1)];
  const threads = statements.flatMap((statement) =>
    [withGuard, withoutGuard].map(
      (target) => new mp.threading.Thread({ target, args: [statement] }),
    ),
  );
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// (Thread-1 (withGuard)) acquired via with
// (Thread-2 (withoutGuard)) acquired directly
// (Thread-3 (withGuard)) acquired via with
// (Thread-4 (withoutGuard)) acquired directly
// (Thread-5 (withGuard)) acquired via with
// (Thread-6 (withoutGuard)) acquired directly
// (Thread-7 (withGuard)) acquired via with
// (Thread-8 (withoutGuard)) acquired directly
