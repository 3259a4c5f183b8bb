// What users read when they use the package wrongly: classes, codes and texts of errors.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import * as mp from 'node-multiprocessing';

/** What the error must be, and what its text must say. */
interface Expected {
  readonly type: new (...args: never[]) => Error;
  readonly code: string;
  readonly text: RegExp;
}

async function assertThrows(run: () => unknown, { type, code, text }: Expected): Promise<void> {
  await assert.rejects(
    // Promise forms reject, Sync forms throw; here both are wanted.
    async () => {
      await run();
    },
    (error: unknown) => {
      assert.ok(error instanceof type, `${String(error)} is no ${type.name}`);
      assert.equal((error as Error & { code: string }).code, code);
      assert.match(error.message, text);
      assert.equal(Object.keys(error).includes('name'), false);
      return true;
    },
  );
}

const invalidArgument = (text: RegExp): Expected => ({
  type: TypeError,
  code: 'ERR_INVALID_ARG_TYPE',
  text,
});
const outOfRange = (text: RegExp): Expected => ({
  type: RangeError,
  code: 'ERR_OUT_OF_RANGE',
  text,
});

const makers = {
  Lock: () => new mp.Lock(),
  RLock: () => new mp.RLock(),
  Semaphore: () => new mp.Semaphore(1),
  BoundedSemaphore: () => new mp.BoundedSemaphore(1),
};
type Method = (options?: unknown) => unknown;

/** The waiting methods of an object, to be called with anything. */
function waitsOf(object: object): [string, Method][] {
  const run = () => assert.fail('ran');
  return ['acquire', 'acquireSync', 'guard', 'guardSync', 'runExclusive', 'runExclusiveSync']
    .filter((name) => name in object)
    .map((name) => {
      const method = Reflect.get(object, name) as (...args: unknown[]) => unknown;
      const first = name.startsWith('run') ? [run] : [];
      return [name, (options) => method.call(object, ...first, options)];
    });
}

for (const [kind, make] of Object.entries(makers)) {
  describe(`errors of a ${kind}`, () => {
    for (const [name] of waitsOf(make())) {
      const call = (options: unknown) => {
        const object = make();
        const method = waitsOf(object).find(([other]) => other === name)![1];
        return Promise.resolve(method(options)).finally(() => {
          assert.equal(object.locked(), false, 'the failed call took it');
        });
      };

      for (const positional of [1000, 0, true, false, 'soon', null]) {
        it(`${name}(${JSON.stringify(positional)}) says what it takes`, () =>
          assertThrows(
            () => call(positional),
            invalidArgument(/\{ timeout: ms \}.*tryAcquire\(\)/),
          ));
      }

      for (const timeout of [NaN, '5', true, {}, 5n]) {
        it(`${name}() with a timeout of ${inspect(timeout)} says what it is`, () =>
          assertThrows(
            () => call({ timeout }),
            invalidArgument(/timeout must be a number of milliseconds, not /),
          ));
      }

      if (name.endsWith('Sync')) {
        it(`${name}() refuses a signal, which it could not hear`, () =>
          assertThrows(
            () => call({ signal: new AbortController().signal }),
            invalidArgument(/blocks the thread.*awaitable form/),
          ));
      } else {
        for (const signal of [null, {}, 'abort', new AbortController()]) {
          it(`${name}() refuses ${inspect(signal, { depth: -1 })} as a signal`, () =>
            assertThrows(() => call({ signal }), invalidArgument(/must be an AbortSignal/)));
        }
      }

      if (kind.endsWith('Lock') && !name.startsWith('acquire')) {
        it(`${name}() refuses an unknown onAbandoned`, () =>
          assertThrows(
            () => call({ onAbandoned: 'panic' }),
            invalidArgument(/onAbandoned must be 'throw' or 'ignore', not "panic"/),
          ));
      }
    }
  });
}

describe('errors of release()', () => {
  it('of a free Lock', () =>
    assertThrows(
      () => {
        new mp.Lock().release();
      },
      { type: mp.OverReleaseError, code: 'ERR_MP_OVER_RELEASE', text: /lock that nobody holds/ },
    ));

  it('of an RLock that the thread does not hold', () =>
    assertThrows(
      () => {
        new mp.RLock().release();
      },
      {
        type: mp.NotOwnerError,
        code: 'ERR_MP_NOT_OWNER',
        text: /thread, or a .*that does not hold it/,
      },
    ));

  it('of a Semaphore beyond the largest count', () =>
    assertThrows(
      () => {
        new mp.Semaphore(2 ** 31 - 1).release();
      },
      {
        type: mp.OverReleaseError,
        code: 'ERR_MP_OVER_RELEASE',
        text: /Semaphore from 2147483647 above its maximum of 2147483647/,
      },
    ));

  it('of a BoundedSemaphore beyond its initial value', () =>
    assertThrows(
      () => {
        new mp.BoundedSemaphore(3).release(2);
      },
      {
        type: mp.OverReleaseError,
        code: 'ERR_MP_OVER_RELEASE',
        text: /release\(2\) would raise the BoundedSemaphore from 3 above its maximum of 3/,
      },
    ));
});

describe('errors of a self-deadlock', () => {
  it('names the three remedies', async () => {
    const lock = new mp.Lock();
    lock.acquireSync();
    await assertThrows(() => lock.acquireSync(), {
      type: mp.MultiprocessingError,
      code: 'ERR_MP_DEADLOCK',
      text: /this thread holds the lock already.*Release it.*timeout.*RLock/,
    });
    lock.release();
  });
});

describe('errors of constructors', () => {
  for (const Lock of [mp.Lock, mp.RLock]) {
    for (const robust of ['yes', 1, 0, null, {}]) {
      it(`new ${Lock.name}({ robust: ${JSON.stringify(robust)} })`, () =>
        assertThrows(
          () => new Lock({ robust: robust as boolean }),
          invalidArgument(/robust must be true or false/),
        ));
    }
    for (const options of ['robust', 5, true, null]) {
      it(`new ${Lock.name}(${inspect(options)})`, () =>
        assertThrows(() => new Lock(options as never), invalidArgument(/options|robust/)));
    }
  }

  for (const Semaphore of [mp.Semaphore, mp.BoundedSemaphore]) {
    for (const value of [-1, 2 ** 31, -Number.MAX_SAFE_INTEGER]) {
      it(`new ${Semaphore.name}(${value})`, () =>
        assertThrows(
          () => new Semaphore(value),
          outOfRange(/value must be 0 … 2147483647, not -?\d/),
        ));
    }
    for (const value of [1.5, NaN, Infinity, '1', true, null, {}, [], 1n, Symbol('one')]) {
      it(`new ${Semaphore.name}(${inspect(value)})`, () =>
        assertThrows(
          () => new Semaphore(value as number),
          invalidArgument(/value must be a whole/),
        ));
    }
  }
});

describe('errors of share() and attach()', () => {
  for (const wrong of [undefined, null, 5, 'lock', {}, [], () => undefined, new Map(), mp.Lock]) {
    it(`share(${inspect(wrong)})`, () =>
      assertThrows(
        () => mp.share(wrong as never),
        invalidArgument(/share\(\) takes a shared object/),
      ));
  }

  const good = () => mp.share(new mp.Lock());
  const wrongHandles: Record<string, () => unknown> = {
    undefined: () => undefined,
    null: () => null,
    'a number': () => 5,
    'an empty object': () => ({}),
    'the object itself': () => new mp.Lock(),
    'no place': () => ({ ...good(), place: null }),
    'a place without numbers': () => ({ ...good(), place: { segment: 'x' } }),
    'a fractional offset': () => ({ ...good(), place: { ...good().place, offset: 0.5 } }),
    'no type': () => ({ place: good().place }),
  };
  for (const [name, handle] of Object.entries(wrongHandles)) {
    it(`attach() of ${name}`, () =>
      assertThrows(
        () => mp.attach(handle() as never),
        invalidArgument(/attach\(\) takes a handle that share\(\) made/),
      ));
  }

  for (const type of ['Queue', 'RLock', 'Place', '__proto__']) {
    it(`attach() of a Lock's place as a ${type}`, () =>
      assertThrows(
        () => mp.attach({ ...good(), type }),
        invalidArgument(/does not know shared objects of type/),
      ));
  }
});
