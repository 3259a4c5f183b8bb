// Waits that end: a try, a timeout, an AbortSignal. Here the lock is held by another call of the
// same process; with another process's lock it is the same.
import * as mp from 'node-multiprocessing';

async function main(): Promise<void> {
  const lock = new mp.Lock();
  await lock.acquire();

  console.log('try:', lock.tryAcquire());
  console.log('20 ms:', await lock.acquire({ timeout: 20 }));
  console.log('20 ms, blocking:', lock.acquireSync({ timeout: 20 }));

  const stop = new AbortController();
  setTimeout(() => {
    stop.abort(new Error('not needed any more'));
  }, 20);
  await lock.acquire({ signal: stop.signal }).catch((reason: unknown) => {
    console.log('aborted:', (reason as Error).message);
  });

  await lock
    .runExclusive(() => 'never reached', { timeout: 20 })
    .catch((error: unknown) => {
      console.log('guards throw:', (error as mp.TimeoutError).code);
    });

  lock.release();
  console.log('free again:', lock.tryAcquire());
}

void main();

// Prints:
// try: false
// 20 ms: false
// 20 ms, blocking: false
// aborted: not needed any more
// guards throw: ERR_MP_TIMEOUT
// free again: true
