// AbortSignal: an aborted wait rejects with the signal's reason and leaves no trace.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import * as mp from 'node-multiprocessing';

import { partyKinds, useParty } from '../helpers/party.js';
import { isUntouched, untilAwaited, wordsOf, type Acquirable } from '../helpers/shared-words.js';
import { turns, within } from '../helpers/watchdog.js';

const makers: Record<string, () => mp.Lock | mp.Semaphore> = {
  Lock: () => new mp.Lock(),
  Semaphore: () => new mp.Semaphore(1),
  BoundedSemaphore: () => new mp.BoundedSemaphore(1),
  'robust Semaphore': () => new mp.Semaphore(1, { robust: true }),
};

function assertFree(object: Acquirable): void {
  if (!(object instanceof mp.Semaphore)) assert.ok(isUntouched(object), 'a trace is left');
  else assert.equal(object.value, 1);
  assert.equal(object.tryAcquire(), true, 'the object is not free');
  object.release();
}

for (const [name, make] of Object.entries(makers)) {
  describe(`abort of a wait for a ${name}`, () => {
    it('a signal that is aborted already rejects with its reason and takes nothing', async () => {
      const object = make();
      const reason = { my: 'reason' };
      for (const form of ['acquire', 'guard'] as const) {
        await assert.rejects(
          object[form]({ signal: AbortSignal.abort(reason) }),
          (error) => error === reason,
        );
      }
      await assert.rejects(
        object.runExclusive(() => assert.fail('ran'), { signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
      assertFree(object);
    });

    it('an abort while waiting rejects with the reason and leaves no trace', async () => {
      const object = make();
      object.acquireSync();
      for (const reason of [new Error('mine'), 'a string', undefined]) {
        const controller = new AbortController();
        const acquired = object.acquire({ signal: controller.signal });
        await untilAwaited(object);
        controller.abort(reason);
        const expected: unknown = controller.signal.reason;
        await assert.rejects(acquired, (error) => error === expected);
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
      }
      object.release();
      assertFree(object);
    });

    it('an abort after the lock was acquired changes nothing', async () => {
      const object = make();
      const controller = new AbortController();
      assert.equal(await object.acquire({ signal: controller.signal }), true);
      controller.abort();
      assert.equal(object.locked(), true);
      object.release();
      object.acquireSync();
      const later = object.acquire({ signal: controller.signal, timeout: 1 });
      await assert.rejects(later, { name: 'AbortError' });
      const waiting = new AbortController();
      const acquired = object.acquire({ signal: waiting.signal });
      object.release();
      assert.equal(await within('the acquire', acquired), true);
      assert.equal(getEventListeners(waiting.signal, 'abort').length, 0);
      object.release();
      assertFree(object);
    });

    it('a timeout removes its listener from the signal', async () => {
      const object = make();
      object.acquireSync();
      const { signal } = new AbortController();
      assert.equal(await object.acquire({ signal, timeout: 5 }), false);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      object.release();
      assertFree(object);
    });

    it('an abort of one of several waiters leaves the others their turn', async () => {
      const object = make();
      object.acquireSync();
      const controller = new AbortController();
      const settled: string[] = [];
      const waits = [undefined, controller.signal, undefined].map((signal, i) =>
        object.acquire({ signal }).then(
          () => {
            settled.push(`${i} acquired`);
            object.release();
          },
          () => settled.push(`${i} aborted`),
        ),
      );
      controller.abort();
      await turns();
      assert.deepEqual(settled, ['1 aborted']);
      object.release();
      await within('the others', Promise.all(waits));
      assert.deepEqual(settled, ['1 aborted', '0 acquired', '2 acquired']);
      assertFree(object);
    });

    it('one abort ends all waits of its signal', async () => {
      const object = make();
      object.acquireSync();
      const controller = new AbortController();
      const waits = Array.from({ length: 5 }, () => object.acquire({ signal: controller.signal }));
      controller.abort();
      const results = await Promise.allSettled(waits);
      assert.ok(results.every(({ status }) => status === 'rejected'));
      object.release();
      assertFree(object);
    });

    it('AbortSignal.timeout() ends a wait', async () => {
      const object = make();
      object.acquireSync();
      const aborted = object.acquire({ signal: AbortSignal.timeout(5) });
      await assert.rejects(within('the abort', aborted), { name: 'TimeoutError' });
      object.release();
      assertFree(object);
    });

    for (const kind of partyKinds) {
      describe(`while a ${kind} holds it`, () => {
        const party = useParty(kind);

        it('the abort leaves the other its hold, and the object usable', async () => {
          const object = make();
          const other = await party();
          await other.call(object, 'acquireSync');
          const controller = new AbortController();
          const acquired = object.acquire({ signal: controller.signal });
          await untilAwaited(object);
          controller.abort('enough');
          await assert.rejects(acquired, (error) => error === 'enough');
          assert.equal(object.locked(), true);
          await other.call(object, 'release');
          assertFree(object);
        });

        it('an abort of a starving wait takes its request back', async () => {
          const object = make();
          const other = await party();
          await other.call(object, 'acquireSync');
          const controller = new AbortController();
          const acquired = object.acquire({ signal: controller.signal });
          const requestOf = () => wordsOf(object).high & 0x1fffffff;
          await within(
            'the request for a hand-off',
            (async () => {
              while (requestOf() === 0) await turns(1);
            })(),
          );
          controller.abort();
          await assert.rejects(acquired, { name: 'AbortError' });
          assert.equal(requestOf(), 0);
          await other.call(object, 'release');
          assertFree(object);
        });
      });
    }
  });
}
