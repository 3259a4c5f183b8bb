// What the type checker makes of values: this file compiles, or not.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
const same = <A, B>(answer: Same<A, B>): Same<A, B> => answer;

describe('types of values', () => {
  it('follow from the type code', () => {
    const int = new mp.Value('i', 1);
    const long = new mp.Value('q', 1);
    const char = new mp.Value('c', 'x');
    assert.ok(same<typeof int.value, number>(true));
    assert.ok(same<typeof long.value, bigint>(true));
    assert.ok(same<typeof char.value, string>(true));
    assert.deepEqual([int.value, long.value, char.value], [1, 1n, 'x']);
    const doubles: Float64Array = new mp.Array('d', 1);
    const longs: BigInt64Array = new mp.SharedArray('l', [1, 2n]);
    assert.deepEqual([doubles.length, longs.length], [1, 2]);
    // @ts-expect-error a double has no atomics
    assert.equal(new mp.Value('d').add, undefined);
    assert.ok(same<ReturnType<typeof int.acquire>, Promise<boolean>>(true));
    // @ts-expect-error without a lock there is none to get
    assert.equal(new mp.Value('i', 0, { lock: false }).getLock, undefined);
  });

  it('follow from the fields of a struct', () => {
    const Point = mp.struct({ x: 'float64', id: 'q', name: ['char', 8], xs: ['i', 2] });
    const point = new mp.Value(Point, { x: 1, id: 2, xs: [3] });
    assert.ok(same<typeof point.x, number>(true));
    assert.ok(same<typeof point.id, bigint>(true));
    assert.ok(same<typeof point.name, string>(true));
    assert.ok(same<typeof point.xs, Int32Array>(true));
    const points = new mp.Array(Point, 2);
    points[1]!.name = 'b';
    assert.equal(points.toJSON()[1]!.name, 'b');
    // @ts-expect-error a struct has no other fields
    assert.equal(point.z, undefined);
    assert.equal(Point.offsets.xs, 24);
  });
});
