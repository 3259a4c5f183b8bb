// A process is killed while it holds a lock. The next owner gets the lock and is told.
import { fork } from 'node:child_process';
import * as mp from 'node-multiprocessing';

if (process.send === undefined) {
  parent();
} else {
  process.once('message', (handle: mp.SharedHandle<mp.Lock>) => {
    mp.attach(handle).acquireSync();
    process.send?.('held');
    setInterval(() => undefined, 1000); // work that takes long
  });
}

function parent(): void {
  const lock = new mp.Lock();
  const child = fork(__filename);
  child.send(mp.share(lock));
  child.once('message', () => {
    child.kill('SIGKILL');
    void lock.runExclusive((held) => {
      console.log('abandoned:', held.abandoned); // look at what the lock protects, repair it
    });
    lock
      .runExclusive(() => undefined, { onAbandoned: 'throw' })
      .then(() => {
        console.log('and now it is a lock like any other');
      }, console.error);
  });
}

// Prints:
// abandoned: true
// and now it is a lock like any other
