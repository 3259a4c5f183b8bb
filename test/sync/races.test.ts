// An abort or a timeout that meets a release: the object is neither lost nor kept.
//
// MP_RACE_ROUNDS sets the number of rounds of each race, MP_SEED repeats a run's choices.
import assert from 'node:assert/strict';
import * as mp from 'node-multiprocessing';

import { report } from '../helpers/figures.js';
import { useParty } from '../helpers/party.js';
import type { Racing } from '../helpers/racer.js';
import { randomFrom, runSeed, spinMicroseconds } from '../helpers/random.js';
import { isUntouched, type Acquirable } from '../helpers/shared-words.js';
import { within } from '../helpers/watchdog.js';

const rounds = Number(process.env.MP_RACE_ROUNDS ?? 2_000);
const seed = runSeed();
const longestUs = 120;

const makers: Record<string, () => mp.Lock | mp.Semaphore> = {
  Lock: () => new mp.Lock(),
  Semaphore: () => new mp.Semaphore(1),
  'robust Semaphore': () => new mp.Semaphore(1, { robust: true }),
};

function assertFree(object: Acquirable): void {
  if (object instanceof mp.Semaphore) assert.equal(object.value, 1, `seed ${seed}`);
  else assert.ok(isUntouched(object), `a trace is left (seed ${seed})`);
}

/** Whether the wait acquired; any rejection must be the abort's own. */
async function outcomeOf(wait: Promise<boolean>, reason: unknown): Promise<boolean> {
  return wait.catch((error: unknown) => {
    assert.equal(error, reason);
    return false;
  });
}

/** A moment of the event loop: at once, after microtasks, after immediates, after a timer. */
async function moment(random: () => number): Promise<void> {
  const choice = Math.floor(random() * 5);
  if (choice === 1) await Promise.resolve();
  else if (choice === 2) await new Promise((resolve) => setImmediate(resolve));
  else if (choice === 3) spinMicroseconds(random() * longestUs);
  else if (choice === 4) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Lets the event loop turn for a while. */
async function pass(microseconds: number): Promise<void> {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

for (const [name, make] of Object.entries(makers)) {
  describe(`races for a ${name}, ${rounds} rounds each`, function () {
    this.timeout(30_000 + rounds * 20);

    it('abort and release in one thread', async () => {
      const random = randomFrom(seed);
      const object = make();
      let acquired = 0;
      for (let round = 0; round < rounds; round++) {
        const controller = new AbortController();
        const reason = { round };
        object.acquireSync();
        const wait = outcomeOf(object.acquire({ signal: controller.signal }), reason);
        await moment(random);
        const release = async () => {
          await moment(random);
          object.release();
        };
        const abort = async () => {
          await moment(random);
          controller.abort(reason);
        };
        const both = random() < 0.5 ? [release(), abort()] : [abort(), release()];
        await Promise.all(both);
        if (await within('the wait', wait)) {
          acquired++;
          object.release();
        }
        assertFree(object);
      }
      report(`acquired ${acquired}, aborted ${rounds - acquired} (seed ${seed})`);
    });

    it('timeout and release in one thread', async () => {
      const random = randomFrom(seed);
      const object = make();
      let acquired = 0;
      const some = Math.ceil(rounds / 4);
      for (let round = 0; round < some; round++) {
        object.acquireSync();
        const wait = object.acquire({ timeout: random() * 3 });
        await moment(random);
        await moment(random);
        object.release();
        if (await within('the wait', wait)) {
          acquired++;
          object.release();
        }
        assertFree(object);
      }
      report(`acquired ${acquired}, timed out ${some - acquired} (seed ${seed})`);
    });

    it('some of many waits abort around the release', async () => {
      const random = randomFrom(seed);
      const object = make();
      for (let round = 0; round < rounds / 10; round++) {
        object.acquireSync();
        const controllers = Array.from({ length: 4 }, () => new AbortController());
        const waits = controllers.map(async ({ signal }) => {
          if (await outcomeOf(object.acquire({ signal }), 'enough')) object.release();
        });
        await moment(random);
        const chosen = controllers.filter(() => random() < 0.5);
        const abort = () => {
          for (const controller of chosen) controller.abort('enough');
        };
        if (random() < 0.5) abort();
        object.release();
        await moment(random);
        abort();
        await within('all waits', Promise.all(waits));
        assertFree(object);
      }
    });

    describe('with another process', () => {
      const party = useParty('process');
      const makeSigns = () => [0, 1, 2].map(() => new mp.Semaphore(0));

      it('abort here, release there', async () => {
        const random = randomFrom(seed);
        const object = make();
        const signs = makeSigns();
        const [ready, go, done] = signs as [mp.Semaphore, mp.Semaphore, mp.Semaphore];
        const settings: Racing = { rounds, seed: seed + 1, longestUs };
        const far = (await party()).play('release', [object, ...signs], settings);
        let acquired = 0;
        for (let round = 0; round < rounds; round++) {
          await within('the other to hold it', ready.acquire());
          const controller = new AbortController();
          const wait = outcomeOf(object.acquire({ signal: controller.signal }), 'enough');
          go.release();
          await pass(random() * longestUs);
          controller.abort('enough');
          if (await within('the wait', wait)) {
            acquired++;
            object.release();
          }
          await within('the release', done.acquire());
          go.release();
        }
        await within('the end', far);
        assertFree(object);
        report(`acquired ${acquired}, aborted ${rounds - acquired} (seed ${seed})`);
      });

      it('timeout here, release there', async () => {
        const random = randomFrom(seed);
        const object = make();
        const signs = makeSigns();
        const [ready, go, done] = signs as [mp.Semaphore, mp.Semaphore, mp.Semaphore];
        const settings: Racing = { rounds, seed: seed + 1, longestUs: 2_000 };
        const far = (await party()).play('release', [object, ...signs], settings);
        let acquired = 0;
        for (let round = 0; round < rounds; round++) {
          await within('the other to hold it', ready.acquire());
          const wait = object.acquire({ timeout: random() * 2 });
          go.release();
          if (await within('the wait', wait)) {
            acquired++;
            object.release();
          }
          await within('the release', done.acquire());
          go.release();
        }
        await within('the end', far);
        assertFree(object);
        report(`acquired ${acquired}, timed out ${rounds - acquired} (seed ${seed})`);
      });

      it('blocking timeout there, release here', async () => {
        const random = randomFrom(seed);
        const object = make();
        const signs = makeSigns();
        const [ready, go, done] = signs as [mp.Semaphore, mp.Semaphore, mp.Semaphore];
        const settings: Racing = { rounds, seed: seed + 1, longestUs };
        const far = (await party()).play('waitBriefly', [object, ...signs], settings);
        for (let round = 0; round < rounds; round++) {
          await within('the other to be ready', ready.acquire());
          assert.equal(object.tryAcquire(), true, `round ${round} (seed ${seed})`);
          go.release();
          spinMicroseconds(random() * longestUs);
          object.release();
          await within('the wait there', done.acquire());
        }
        const acquired = Number(await within('the end', far));
        assertFree(object);
        report(`acquired ${acquired}, timed out ${rounds - acquired} (seed ${seed})`);
      });
    });
  });
}
