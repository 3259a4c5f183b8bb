// Value and RawValue in one process: types, ranges, atomics, locks.
import assert from 'node:assert/strict';

import * as mp from 'node-multiprocessing';

const integers = [
  [['b', 'int8'], -128, 127],
  [['B', 'uint8'], 0, 255],
  [['h', 'int16'], -32768, 32767],
  [['H', 'uint16'], 0, 65535],
  [['i', 'int32'], -(2 ** 31), 2 ** 31 - 1],
  [['I', 'uint32'], 0, 2 ** 32 - 1],
] as const;

const bigIntegers = [
  [['q', 'l', 'int64'], -(2n ** 63n), 2n ** 63n - 1n],
  [['Q', 'L', 'uint64'], 0n, 2n ** 64n - 1n],
] as const;

describe('Value', () => {
  it('starts as 0, or as what it is given', () => {
    assert.equal(new mp.Value('i').value, 0);
    assert.equal(new mp.Value('q').value, 0n);
    assert.equal(new mp.Value('c').value, '\0');
    assert.equal(new mp.Value('u').value, '\0');
    assert.equal(new mp.Value('d', 2.5).value, 2.5);
  });

  for (const [types, least, most] of integers) {
    it(`of ${types.join(', ')} holds ${least} … ${most}`, () => {
      for (const type of types) {
        const value = new mp.Value(type);
        for (const fits of [least, most, 1]) {
          value.value = fits;
          assert.equal(value.value, fits);
        }
        for (const outside of [least - 1, most + 1, 1e300]) {
          assert.throws(() => (value.value = outside), { code: 'ERR_OUT_OF_RANGE' });
        }
        for (const wrong of [0.5, NaN, Infinity, '1', 1n, true, null, undefined]) {
          assert.throws(() => (value.value = wrong as number), TypeError);
        }
        assert.equal(value.value, 1);
      }
    });
  }

  for (const [types, least, most] of bigIntegers) {
    it(`of ${types.join(', ')} holds ${least} … ${most}`, () => {
      for (const type of types) {
        const value = new mp.Value(type, 5);
        assert.equal(value.value, 5n);
        for (const fits of [least, most]) {
          value.value = fits;
          assert.equal(value.value, fits);
        }
        for (const outside of [least - 1n, most + 1n, 2 ** 60]) {
          assert.throws(() => (value.value = outside), { code: 'ERR_OUT_OF_RANGE' });
        }
        assert.throws(() => (value.value = 0.5), { code: 'ERR_INVALID_ARG_TYPE' });
      }
    });
  }

  it('of floats holds what their precision holds', () => {
    const single = new mp.Value('f', 0.1);
    assert.equal(single.value, Math.fround(0.1));
    single.value = -Infinity;
    assert.throws(() => (single.value = 1e39), RangeError);
    assert.equal(single.value, -Infinity);
    const double = new mp.Value('float64', NaN);
    assert.equal(double.value, NaN);
    assert.throws(() => (double.value = 1n as unknown as number), TypeError);
  });

  it('of text holds one byte or one code point', () => {
    const char = new mp.Value('c', 'A');
    char.value = Uint8Array.of(0xff);
    assert.equal(char.value, 'ÿ');
    assert.throws(() => (char.value = '€'), RangeError);
    assert.throws(() => (char.value = 'ab'), TypeError);
    const character = new mp.Value('u', '😀');
    assert.equal(character.value, '😀');
    assert.throws(() => (character.value = 'ab'), TypeError);
  });

  it('refuses types that are none, by name', () => {
    for (const type of ['w', '?', 'int', '', 5, null, {}, Float64Array]) {
      assert.throws(() => new mp.Value(type as 'i'), /is no type: give one of 'b'/);
    }
  });

  it('calculates atomically, wraps around and returns what was there', () => {
    const value = new mp.Value('B', 250);
    assert.equal(value.add(10), 250);
    assert.equal(value.sub(5), 4);
    assert.equal(value.load(), 255);
    assert.equal(value.and(0x0f), 255);
    assert.equal(value.or(0x30), 0x0f);
    assert.equal(value.xor(0xff), 0x3f);
    assert.equal(value.exchange(7), 0xc0);
    assert.equal(value.compareExchange(8, 9), 7);
    assert.equal(value.compareExchange(7, 9), 7);
    value.store(200);
    assert.equal(value.value, 200);
    assert.throws(() => {
      value.store(256);
    }, RangeError);
    assert.throws(() => value.add(0.5), TypeError);
    assert.equal(new mp.Value('I', 0).sub(1), 0);
  });

  it('calculates atomically with 64 bits', () => {
    const value = new mp.Value('Q', 2n ** 64n - 1n);
    assert.equal(value.add(2), 2n ** 64n - 1n);
    assert.equal(value.load(), 1n);
    assert.equal(value.compareExchange(1, 2n ** 63n), 1n);
    assert.equal(value.exchange(0n), 2n ** 63n);
  });

  it('has no atomics where the type is no integer', () => {
    assert.equal('add' in new mp.Value('d'), false);
    assert.equal('load' in new mp.Value('c'), false);
  });

  it('has an RLock by default, and its methods', () => {
    for (const options of [undefined, {}, { lock: true }, { lock: null }] as const) {
      const value = new mp.Value('i', 0, options);
      assert.ok(value.getLock() instanceof mp.RLock);
      using held = value.guardSync();
      assert.equal(held.abandoned, false);
      assert.equal(value.getLock().locked(), true);
      assert.equal(
        value.runExclusiveSync(() => ++value.value),
        1,
      );
    }
  });

  it('takes the lock that it is given, with its awaitable methods', async () => {
    const lock = new mp.Lock();
    const value = new mp.Value('i', 0, { lock });
    assert.equal(value.getLock(), lock);
    assert.equal(await value.acquire(), true);
    assert.equal(lock.locked(), true);
    value.release();
    assert.equal(await value.runExclusive(async () => Promise.resolve(++value.value)), 1);
  });

  it('has no lock when it is to have none, as RawValue', () => {
    for (const raw of [new mp.Value('i', 1, { lock: false }), new mp.RawValue('i', 1)]) {
      for (const name of ['getLock', 'getObj', 'release', 'guardSync']) {
        assert.equal(name in raw, false);
      }
      assert.ok(raw instanceof mp.RawValue);
      assert.ok(raw instanceof mp.SharedValue);
    }
  });

  it('refuses what is no lock', () => {
    for (const lock of ['navalue', 0, {}, new mp.Semaphore()]) {
      assert.throws(() => new mp.Value('i', 0, { lock } as object), /lock must be/);
    }
    assert.throws(() => new mp.Value('i', 0, new mp.Lock() as object), /as an option: \{ lock \}/);
    assert.throws(() => new mp.Value('i', 0, true as unknown as object), TypeError);
  });

  it('gives the same memory without the lock by getObj()', () => {
    const value = new mp.Value('i', 3);
    const raw = value.getObj();
    raw.value = 4;
    assert.equal(value.value, 4);
    assert.equal('getLock' in raw, false);
  });

  it('shows what it holds', () => {
    assert.match(inspected(new mp.Value('q', 5)), /^Value\(int64\) \{ value: 5n \}$/);
  });
});

function inspected(object: object): string {
  const custom = object as Record<symbol, () => string>;
  return custom[Symbol.for('nodejs.util.inspect.custom')]!();
}

describe('copy and synchronized', () => {
  it('copy is independent of the original', () => {
    const value = new mp.Value('i', 3);
    const another = mp.copy(value);
    another.value = 4;
    assert.equal(value.value, 3);
    assert.notEqual(another.getLock(), value.getLock());
    assert.equal('getLock' in mp.copy(new mp.RawValue('d', 1)), false);
    const array = mp.copy(new mp.RawArray('i', [1, 2]));
    assert.deepEqual([...array], [1, 2]);
    assert.ok(array instanceof mp.Array);
    assert.throws(() => mp.copy({}), TypeError);
  });

  it('copy of a structure is independent of the original (test_copy)', () => {
    const Pair = mp.struct({ x: 'i', y: 'd' });
    const first = new mp.Value(Pair, { x: 7, y: 0.5 });
    const second = mp.copy(first);
    first.value = [0, 0];
    assert.deepEqual(second.value, { x: 7, y: 0.5 });
  });

  it('synchronized puts a lock around raw data, once', () => {
    const raw = new mp.RawArray('i', 2);
    const lock = new mp.Lock();
    const guarded = mp.synchronized(raw, lock);
    guarded[1] = 5;
    assert.equal(raw[1], 5);
    assert.equal(guarded.getLock(), lock);
    assert.ok(mp.synchronized(new mp.RawValue('i')).getLock() instanceof mp.RLock);
    assert.throws(() => mp.synchronized(guarded), /has a lock already/);
    assert.throws(() => mp.synchronized(new Int32Array(1)), TypeError);
  });
});
