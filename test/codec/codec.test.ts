// Messages: values to bytes and back, in one process.
import assert from 'node:assert/strict';

import { decode, decodeSync, encode } from '#internal/codec/codec';
import * as mp from 'node-multiprocessing';

const there = (value: unknown): Promise<unknown> => decode(encode(value));

class Point {
  other: unknown;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  norm(): number {
    return Math.hypot(this.x, this.y);
  }
}
mp.registerClass(Point);

class CustomError extends Error {
  override name = 'CustomError';
}

describe('codec', () => {
  it('keeps what structured clone keeps', async () => {
    const value = {
      primitives: [1, -0, NaN, 'é𝄞', true, null, undefined, 10n ** 30n],
      map: new Map<unknown, unknown>([[{ a: 1 }, new Set(['x'])]]),
      date: new Date(0),
      pattern: /a(b)/giu,
      bytes: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([0.5, NaN]),
      view: new DataView(new ArrayBuffer(4)),
      buffer: new Uint16Array([7, 8]).buffer,
      sparse: Object.assign([], { 3: 'x' }),
      boxed: Object('text') as object,
    };
    assert.deepEqual(await there(value), structuredClone(value));
    assert.deepEqual(decodeSync(encode(value)), structuredClone(value));
  });

  it('keeps cycles and identity, also beside what needs a table', async () => {
    const shared = { n: 1 };
    const value: Record<string, unknown> = { a: shared, b: shared, f: Math.max };
    value.self = value;
    const copy = (await there(value)) as typeof value;
    assert.equal(copy.self, copy);
    assert.equal(copy.a, copy.b);
    assert.notEqual(copy.a, shared);
    assert.equal(copy.f, Math.max);
  });

  it('gives shared objects back, wherever they are', async () => {
    const lock = new mp.Lock();
    const array = new mp.Array('i', [1, 2]);
    const value = { list: [lock], map: new Map([[lock, new Set([array])]]) };
    const copy = (await there(value)) as typeof value;
    const [copied] = copy.list as [mp.Lock];
    assert.ok(copied instanceof mp.Lock);
    assert.equal([...copy.map.keys()][0], copied);
    const [set] = [...copy.map.values()] as [Set<typeof array>];
    const [seen] = [...set] as [typeof array];
    seen[1] = 9;
    assert.equal(array[1], 9);
    copied.acquireSync();
    assert.equal(lock.locked(), true);
  });

  it('gives instances of registered classes their class, in cycles too', async () => {
    const point = new Point(3, 4);
    point.other = { back: point, nested: [new Point(6, 8)] };
    const copy = (await there([point])) as [Point];
    assert.ok(copy[0] instanceof Point);
    assert.equal(copy[0].norm(), 5);
    const other = copy[0].other as { back: Point; nested: [Point] };
    assert.equal(other.back, copy[0]);
    assert.equal(other.nested[0].norm(), 10);
  });

  it('refuses a second class of the same name', () => {
    const Other = {
      Point: class Point {
        z = 0;
      },
    }.Point;
    assert.throws(() => mp.registerClass(Other), { code: 'ERR_MP_CLASS_NAME' });
    assert.equal(mp.registerClass(Other, { name: 'OtherPoint' }), Other);
    assert.throws(() => mp.registerClass(5 as never), TypeError);
    assert.throws(
      () =>
        mp.registerClass(
          class {
            a = 1;
          },
        ),
      TypeError,
    );
  });

  it('keeps errors whole', async () => {
    const cause = new CustomError('inner');
    const error = Object.assign(new TypeError('outer', { cause }), { list: [1n], cause });
    const copy = (await there({ error })) as { error: typeof error };
    assert.ok(copy.error instanceof TypeError);
    assert.equal(copy.error.stack, error.stack);
    assert.deepEqual(copy.error.list, [1n]);
    assert.ok(copy.error.cause instanceof mp.RemoteError);
    assert.equal(copy.error.cause.name, 'CustomError');
    const own = new mp.TimeoutError('too late');
    assert.ok((await there(own)) instanceof mp.TimeoutError);
    const many = (await there(new AggregateError([new RangeError('a')], 'many'))) as AggregateError;
    assert.ok(many instanceof AggregateError && many.errors[0] instanceof RangeError);
  });

  it('keeps errors of Node', async () => {
    const error = await import('node:fs/promises')
      .then(({ stat }) => stat('/nowhere'))
      .catch((reason: unknown) => reason as NodeJS.ErrnoException);
    const copy = (await there(error)) as NodeJS.ErrnoException;
    assert.equal(copy.code, 'ENOENT');
    assert.equal(copy.path, '/nowhere');
    const invalid = (() => {
      try {
        return Buffer.alloc('x' as never);
      } catch (reason) {
        return reason;
      }
    })();
    assert.ok((await there(invalid)) instanceof TypeError);
  });

  it('copies only own properties of objects of other classes', async () => {
    class Plain {
      a = 1;
      get b(): number {
        return this.a + 1;
      }
    }
    assert.deepEqual(await there([new Plain(), Math.max]), [{ a: 1 }, Math.max]);
    assert.deepEqual(await there(new Plain()), { a: 1 });
  });

  it('a property called __proto__ is one like any other', async () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    const copy = (await there([value, Math.max])) as [object];
    assert.deepEqual(Object.keys(copy[0]), ['__proto__']);
    assert.equal((copy[0] as { polluted?: boolean }).polluted, undefined);
  });

  it('says where the thing is that cannot be sent', () => {
    const message = (value: unknown) => {
      try {
        encode(value, { label: 'value' });
      } catch (error) {
        return (error as Error).message;
      }
      return 'sent';
    };
    assert.match(message(Promise.resolve()), /^value cannot be sent.*Promise/);
    assert.match(message({ a: [1, Symbol('s')] }), /^value\.a\[1\] cannot be sent.*Symbol\(s\)/);
    assert.match(message(new Map([['k', new WeakMap()]])), /^value\.get\("k"\).*WeakMap/);
    assert.match(
      message({ f: Math.max, 'odd key': new WeakSet() }),
      /^value\["odd key"\].*WeakSet/,
    );
  });
});
