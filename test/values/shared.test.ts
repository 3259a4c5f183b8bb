// Values and Arrays between processes and threads, after CPython's _TestValue, _TestArray and
// _TestSharedCTypes.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { elsewhere, places } from './child';

const Point = mp.struct({ x: 'float64', y: 'float64', name: ['char', 16] });

for (const place of places) {
  describe(`values shared with a ${place}`, () => {
    it('are seen and changed there, whatever their type', async () => {
      const cases = [
        ...([
          ['i', 5, 6],
          ['d', 3.5, -0.25],
          ['h', -1, 300],
          ['f', 0.5, 2],
          ['B', 1, 255],
        ] as const),
        ...([
          ['q', 2n ** 40n, -1n],
          ['L', 2n ** 64n - 1n, 0n],
          ['c', 'x', 'é'],
          ['u', '€', '😀'],
        ] as const),
      ];
      const values = cases.map(([type, before]) => new mp.RawValue(type, before));
      const others = cases.map(([type, , after]) => new mp.RawValue(type, after));
      const befores = cases.map(([, before]) => before);
      assert.deepEqual(await elsewhere(place, 'read', ...values), befores);
      await elsewhere(place, 'overwrite', ...values, ...others);
      cases.forEach(([type, , after], i) => {
        assert.equal((values[i] as { value: unknown }).value, after, type);
      });
    });

    it('are doubled there: integers, a double, an array (test_sharedctypes)', async () => {
      const x = new mp.Value('i', 7, { lock: false });
      const y = new mp.Value('d', 1 / 3);
      const z = new mp.Value('q', 2n ** 33n);
      const rest = new mp.Array(
        'd',
        globalThis.Array.from({ length: 10 }, (_, i) => i),
      );
      await elsewhere(place, 'double', x, y, z, rest);
      assert.equal(x.value, 14);
      assert.equal(y.value, (1 / 3) * 2);
      assert.equal(z.value, 2n ** 34n);
      assert.deepEqual([...rest], [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    });

    it('hold text that is changed there', async () => {
      const text = new mp.Array('c', 20);
      text.value = 'hello';
      await elsewhere(place, 'doubleText', text);
      assert.equal(text.value, 'hellohello');
    });

    it('hold structs that are changed there', async () => {
      const point = new mp.Value(Point, { x: 3, y: 2, name: 'first' });
      const points = new mp.Array(Point, [{ y: 1 }, { y: 2 }], { lock: false });
      await elsewhere(place, 'moveStruct', point, points);
      assert.deepEqual(point.value, { x: 6, y: 2, name: 'moved' });
      assert.deepEqual(
        points.map(({ y }) => y),
        [2, 3],
      );
    });

    it('sum up an array in place (test_array)', async () => {
      const array = new mp.Array('i', [680, 626, 934, 821, 150, 233, 548, 982, 714, 831]);
      let sum = 0;
      const expected = [...array].map((item) => (sum += item));
      await elsewhere(place, 'prefixSums', array);
      assert.deepEqual([...array], expected);
    });

    it('count without a lost update, by atomics and under the lock', async () => {
      const counter = new mp.Value('i', 0);
      const wide = new mp.Value('Q', 2n ** 32n - 10n);
      const both = elsewhere(place, 'countAtomically', counter, wide);
      for (let i = 0; i < 20_000; i++) counter.add(1);
      await both;
      assert.equal(counter.load(), 40_000);
      assert.equal(wide.load(), 2n ** 32n - 10n + 20_000n);
      const locked = elsewhere(place, 'countLocked', counter);
      for (let i = 0; i < 2_000; i++) counter.runExclusiveSync(() => counter.value++);
      await locked;
      assert.equal(counter.value, 44_000);
    });

    it('have the same lock there', async () => {
      const value = new mp.Value('i', 0, { lock: new mp.Lock() });
      value.acquireSync();
      assert.equal(await elsewhere(place, 'lockState', value), false);
      value.release();
      assert.equal(await elsewhere(place, 'hasLock', value), true);
      assert.equal(await elsewhere(place, 'hasLock', value.getObj()), false);
    });

    it('are read anew in a loop that does nothing else', async () => {
      const flag = new mp.Value('i', 0);
      const answer = new mp.Value('i', 0);
      const spinning = elsewhere(place, 'spinUntilSet', flag, answer);
      const started = performance.now();
      while (answer.value === 0 && performance.now() - started < 10_000) {
        await new Promise(setImmediate);
      }
      // Long enough for the optimising compiler to have replaced the loop.
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(answer.value, 1);
      flag.value = 1;
      await spinning;
      assert.equal(answer.value, 2);
    });
  });
}

describe('share of values', () => {
  it('gives handles that survive JSON, with the lock and the fields', () => {
    const points = new mp.Array(Point, [{ x: 1 }]);
    const handle = JSON.parse(JSON.stringify(mp.share(points))) as mp.SharedHandle<typeof points>;
    const again = mp.attach(handle);
    again[0]!.x = 8;
    assert.equal(points[0]!.x, 8);
    points.acquireSync();
    assert.equal(again.getLock().locked(), true);
    points.release();
  });

  it('refuses a handle whose fields do not fit', () => {
    const handle = mp.share(new mp.RawValue(Point));
    const detail = { struct: { fields: [['x', ['char', 7]]] } };
    assert.throws(() => mp.attach({ ...handle, detail }), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('refuses a closed Array', () => {
    const array = new mp.Array('i', 3);
    array.close();
    assert.throws(() => mp.share(array), mp.ClosedError);
  });
});
