// Five processes, of which a semaphore lets two in at a time.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as mp from 'node-multiprocessing';

if (process.send === undefined) {
  const seats = new mp.Semaphore(2);
  for (let i = 0; i < 5; i++) fork(__filename).send(mp.share(seats));
  process.on('exit', () => {
    console.log(`free seats at the end: ${seats.value}`);
  });
} else {
  process.once('message', (handle: mp.SharedHandle<mp.Semaphore>) => {
    void mp.attach(handle).runExclusive(async () => {
      console.log('in');
      await sleep(50);
    });
  });
}

// Prints:
// in
// in
// in
// in
// in
// free seats at the end: 2
