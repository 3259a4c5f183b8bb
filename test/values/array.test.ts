// Array and RawArray in one process: they are typed arrays, with text and a lock besides.
import { native } from '#internal/native/binding';
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

import { collectGarbage } from '../helpers/garbage';

describe('Array', () => {
  it('is zeroed every time, also on memory that was in use (test_array_from_size)', () => {
    for (let round = 0; round < 3; round++) {
      using array = new mp.Array('i', 100);
      assert.ok(array.every((item) => item === 0));
      array.fill(-1);
    }
  });

  it('is a typed array of its type', () => {
    const types = {
      b: Int8Array,
      I: Uint32Array,
      q: BigInt64Array,
      L: BigUint64Array,
      f: Float32Array,
    };
    for (const [type, view] of Object.entries(types)) {
      assert.ok(new mp.Array(type as 'i', 2) instanceof view);
    }
    const array = new mp.Array('d', [1, 2, 3]);
    assert.equal(array.buffer.byteLength, 24);
    assert.deepEqual([array.length, array.at(-1), array.indexOf(2)], [3, 3, 1]);
    assert.ok(array instanceof mp.SharedArray);
    assert.equal(new Float64Array(1) instanceof mp.Array, false);
  });

  it('gives ordinary typed arrays where a method makes one', () => {
    const array = new mp.Array('i', [3, 1, 2]);
    for (const made of [
      array.map((x) => x),
      array.filter(Boolean),
      array.slice(),
      array.subarray(1),
    ]) {
      assert.equal(Object.getPrototypeOf(made), Int32Array.prototype);
    }
    array.subarray(1)[0] = 7;
    assert.deepEqual([...array.sort()], [2, 3, 7]);
  });

  it('takes elements from any iterable, and wraps them as typed arrays do', () => {
    assert.deepEqual([...new mp.Array('b', new Set([1, 300]))], [1, 44]);
    assert.deepEqual([...new mp.Array('q', [1, 2n])], [1n, 2n]);
    assert.deepEqual([...new mp.Array('d', Float64Array.of(0.5))], [0.5]);
    assert.equal(new mp.Array('i', []).length, 0);
    assert.equal(mp.attach(mp.share(new mp.Array('i', 0))).length, 0);
  });

  it('refuses what is neither a length nor elements', () => {
    const make = (content: unknown) => () => new mp.Array('i', content as number);
    for (const wrong of [1.5, undefined, null, {}, 'text', ['1'], [null]]) {
      assert.throws(make(wrong), TypeError);
    }
    assert.throws(make(-1), RangeError);
    assert.throws(make(2 ** 40), { code: 'ERR_MP_MEMORY_EXHAUSTED' });
    assert.throws(() => new mp.Array('zz' as 'i', 1), /is no type/);
  });

  it("of 'c' holds text and bytes", () => {
    const text = new mp.Array('c', 'Zoë!');
    assert.equal(text.length, 5);
    text.value = Buffer.from('ab');
    assert.equal(text.value, 'ab');
    assert.deepEqual([...text.raw], [0x61, 0x62, 0, 0xab, 0x21]);
    text.raw = Uint8Array.of(0x63);
    assert.equal(text.value, 'cb');
    assert.throws(() => (text.value = 'longer'), /too long/);
    assert.throws(() => (text.value = 5 as unknown as string), TypeError);
    text.close();
    assert.throws(() => text.value, mp.ClosedError);
  });

  it("of 'u' holds code points", () => {
    const text = new mp.Array('u', 'a😀b');
    assert.equal(text.length, 3);
    text.value = '€';
    assert.deepEqual([...text], [0x20ac, 0, 0x62]);
    assert.equal(text.value, '€');
  });

  it('has an RLock, the given lock, or none (test_getobj_getlock_obj)', () => {
    assert.ok(new mp.Array('i', 1).getLock() instanceof mp.RLock);
    const lock = new mp.Lock();
    const array = new mp.Array('i', 5, { lock });
    assert.equal(array.getLock(), lock);
    assert.equal(array.getObj().buffer, array.buffer);
    assert.equal(
      array.runExclusiveSync(() => lock.locked()),
      true,
    );
    for (const raw of [new mp.Array('i', 1, { lock: false }), new mp.RawArray('i', 1)]) {
      assert.equal('getLock' in raw || 'getObj' in raw, false);
      assert.ok(raw instanceof mp.RawArray);
    }
    assert.throws(() => new mp.Array('i', 1, { lock: 'no' } as object), /lock must be/);
  });

  it('is empty after close(), and so is everything made from its buffer', () => {
    const array = new mp.Array('d', [1, 2]);
    const part = array.subarray(1);
    array.close();
    array.close();
    assert.deepEqual([array.length, part.length, array[0]], [0, 0, undefined]);
  });

  it('gives its memory back when closed or collected, but not under a subarray', async () => {
    const used = () => native.treeInfo().usedBytes;
    const bytes = 1 << 20;
    await collectGarbage();
    const start = used();
    new mp.RawArray('B', bytes).close();
    assert.equal(used(), start);
    const part = new mp.RawArray('B', bytes).fill(9).subarray(5, 10);
    for (let i = 0; i < 50; i++) new mp.RawArray('B', bytes);
    await collectGarbage();
    assert.ok(used() < start + 3 * bytes);
    assert.ok(used() >= start + bytes);
    new mp.RawArray('B', 50 * bytes).fill(1);
    assert.deepEqual([...part], [9, 9, 9, 9, 9]);
  });
});

describe('memory of Values', () => {
  it('comes back when 100,000 of them were dropped', async () => {
    const used = () => native.treeInfo().usedBytes;
    await collectGarbage();
    const start = used();
    for (let i = 0; i < 100_000; i++) new mp.Value('i', i);
    assert.ok(used() > start);
    await collectGarbage();
    assert.ok(used() < start + 1000 * 192, `${used() - start} bytes are left`);
  });
});

describe('struct', () => {
  it('is laid out as C does', () => {
    const Inner = mp.struct({ a: 'b', b: 'q' });
    const Outer = mp.struct({ c: 'c', d: 'h', inner: Inner, many: ['i', 3], tail: 'b' });
    assert.deepEqual(Inner.offsets, { a: 0, b: 8 });
    assert.deepEqual(Outer.offsets, { c: 0, d: 2, inner: 8, many: 24, tail: 36 });
    assert.deepEqual([Inner.size, Outer.size, Outer.alignment], [16, 40, 8]);
  });

  it('has live fields: numbers, text, arrays, structs', () => {
    const Inner = mp.struct({ a: 'b', b: 'q' });
    const Outer = mp.struct({ name: ['char', 4], inner: Inner, many: ['i', 3], list: [Inner, 2] });
    const value = new mp.Value(Outer, { name: 'abcd', inner: { a: 1 }, many: [1, 2] });
    value.inner.b = 5n;
    value.many[2] = 3;
    value.list[1]!.a = -1;
    assert.deepEqual(value.value, {
      name: 'abcd',
      inner: { a: 1, b: 5n },
      many: [1, 2, 3],
      list: [
        { a: 0, b: 0n },
        { a: -1, b: 0n },
      ],
    });
    assert.throws(() => (value.inner.a = 128), RangeError);
    assert.throws(() => (value.name = 'abcde'), RangeError);
    assert.throws(() => (value.value = { other: 1 } as object), /no field 'other'/);
  });

  it('in an Array has records by index, and copies what is assigned', () => {
    const Point = mp.struct({ x: 'd', y: 'd' });
    const points = new mp.Array(Point, [{ x: 1, y: 2 }, [3, 4]]);
    points[0] = points[1]!;
    points[0].x = 5;
    assert.deepEqual(points.toJSON(), [
      { x: 5, y: 4 },
      { x: 3, y: 4 },
    ]);
    assert.equal(points[2], undefined);
    assert.throws(() => (points[2] = { x: 0, y: 0 }), RangeError);
    assert.deepEqual(
      [...points].map(({ y }) => y),
      [4, 4],
    );
    assert.equal(points.at(-1)!.x, 3);
    points.close();
    assert.equal(points.length, 0);
  });

  it('refuses fields that cannot be', () => {
    for (const fields of [
      {},
      { a: 'zz' },
      { getLock: 'i' },
      { 0: 'i' },
      { a: ['i'] },
      { a: ['i', 0] },
    ]) {
      assert.throws(() => mp.struct(fields as { a: 'i' }), /ERR_|TypeError|RangeError|field|type/);
    }
  });
});
