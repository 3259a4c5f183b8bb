// What Python's `with` does, for every kind of lock, and the same by hand.
import * as mp from 'node-multiprocessing';

type Acquirable = mp.Lock | mp.RLock | mp.Condition | mp.Semaphore;

const log = (text: string) => {
  console.log(`(${mp.threading.currentThread().name}) ${text}`);
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
    [withGuard, withoutGuard].map((target) => {
      const name = `${statement.constructor.name} ${target.name}`;
      return new mp.threading.Thread({ target, args: [statement], name });
    }),
  );
  for (const thread of threads) await thread.start();
  for (const thread of threads) await thread.join();
}

if (mp.isMainProcess()) void main();

// Prints, in any order:
// (Lock withGuard) acquired via with
// (Lock withoutGuard) acquired directly
// (RLock withGuard) acquired via with
// (RLock withoutGuard) acquired directly
// (Condition withGuard) acquired via with
// (Condition withoutGuard) acquired directly
// (Semaphore withGuard) acquired via with
// (Semaphore withoutGuard) acquired directly
