// The far sides of the races between a release and an abort or a timeout.
//
//   MOMENT | THE TEST                                | THE FAR SIDE (release)
//   -------+-----------------------------------------+------------------------------------------
//   ready  |                                         | has acquired the object, gives [ready]
//   go     | starts its wait, gives [go]             | takes [go], works a moment, releases
//   done   | its wait has ended; releases if it got  | gives [done]
//   go     | the object; gives [go] again            | must get the object at the first try
import type * as mp from 'node-multiprocessing';

import { randomFrom, spinMicroseconds } from './random.js';
import type { Acquirable } from './shared-words.js';

export interface Racing {
  readonly rounds: number;
  readonly seed: number;
  /** How long a delay before the release may be. */
  readonly longestUs: number;
}

/** Holds [object] each round and releases it at a random moment after [go]. */
export function release(objects: readonly Acquirable[], settings: Racing): void {
  const [object, ready, go, done] = objects as [
    Acquirable,
    mp.Semaphore,
    mp.Semaphore,
    mp.Semaphore,
  ];
  const random = randomFrom(settings.seed);
  for (let round = 0; round < settings.rounds; round++) {
    if (!object.tryAcquire()) throw new Error(`round ${round}: the object was lost or kept`);
    ready.release();
    go.acquireSync();
    spinMicroseconds(random() * settings.longestUs);
    object.release();
    done.release();
    go.acquireSync();
  }
}

/** Waits for [object] each round with a short timeout, blocking; counts how often it got it. */
export function waitBriefly(objects: readonly Acquirable[], settings: Racing): number {
  const [object, ready, go, done] = objects as [
    Acquirable,
    mp.Semaphore,
    mp.Semaphore,
    mp.Semaphore,
  ];
  const random = randomFrom(settings.seed);
  let acquired = 0;
  for (let round = 0; round < settings.rounds; round++) {
    ready.release();
    go.acquireSync();
    if (object.acquireSync({ timeout: (random() * settings.longestUs) / 1000 })) {
      acquired++;
      object.release();
    }
    done.release();
  }
  return acquired;
}
