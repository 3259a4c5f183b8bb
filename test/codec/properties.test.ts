// What is true of any value, and of any bytes: tried with many (MP_TEST_RUNS, 200 each by default).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MultiprocessingError } from 'node-multiprocessing';

import { decode, decodeSync, encode } from '#internal/codec/codec';
import { Encoded, messageOf, readMessage, writeMessage } from '#internal/codec/message';
import { Tag } from '#internal/codec/tags';

import { error, graph, haveSameIdentities, tree } from './values';

const numRuns = Number(process.env.MP_TEST_RUNS ?? 200);

/** Memory as a ring has it, large enough for any of these messages. */
function space(bytes = 4 * 2 ** 20) {
  const buffer = new ArrayBuffer(bytes);
  return {
    bytes: Buffer.from(buffer),
    view: new DataView(buffer),
    words: new Uint32Array(buffer),
    doubles: new Float64Array(buffer),
    longs: new BigInt64Array(buffer),
  };
}

const ring = space();
const place = 24;
const keeper = () => 0;

/** Through a ring's memory, as queues do. */
function throughRing(value: unknown): unknown {
  const message = messageOf(value, keeper);
  writeMessage(message, ring, place);
  const read = readMessage(ring, place, message.bytes, message.tag);
  return read instanceof Encoded ? read.decodeSync() : read;
}

const throughBytes = (value: unknown): unknown => decodeSync(encode(value));

for (const [name, copy] of Object.entries({ throughRing, throughBytes })) {
  describe(`a value ${name === 'throughRing' ? 'in a ring' : 'in a message'}`, () => {
    it('is what structured clone makes of it', () => {
      fc.assert(
        fc.property(tree, (value) => {
          assert.deepEqual(copy(value), structuredClone(value));
        }),
        { numRuns },
      );
    });

    it('may be a date that is none', () => {
      const [date] = copy([new Date(NaN)]) as [Date];
      assert.ok(date instanceof Date);
      assert.equal(date.getTime(), NaN);
    });

    it('keeps cycles, and is one object where it was one', () => {
      fc.assert(
        fc.property(graph, (value) => {
          const copied = copy(value);
          assert.deepEqual(copied, structuredClone(value));
          assert.ok(haveSameIdentities(value, copied));
        }),
        { numRuns },
      );
    });

    it('that is an error stays whole, with its causes', () => {
      fc.assert(
        fc.property(error, (value) => {
          assertSameError(copy(value), value);
        }),
        { numRuns },
      );
    });

    it('is a copy: neither sees what is done to the other', () => {
      fc.assert(
        fc.property(tree, (value) => {
          const before = structuredClone(value);
          const copied = copy(value);
          if (typeof copied === 'object' && copied !== null) {
            Object.assign(copied, { added: true });
          }
          assert.deepEqual(value, before);
        }),
        { numRuns: numRuns / 4 },
      );
    });
  });
}

function assertSameError(actual: unknown, expected: unknown): void {
  if (!(expected instanceof Error)) {
    assert.deepEqual(actual, structuredClone(expected));
    return;
  }
  assert.ok(actual instanceof Error);
  assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected));
  assert.equal(actual.message, expected.message);
  assert.equal(actual.stack, expected.stack);
  assert.deepEqual(
    (actual as { extra?: unknown }).extra,
    structuredClone((expected as { extra?: unknown }).extra),
  );
  assertSameError(actual.cause, expected.cause);
}

interface Damage {
  readonly flips: [number, number][];
  readonly cut: number | null;
}

/** Some bytes of a message changed, some at its end cut off. */
const damage: fc.Arbitrary<Damage> = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
  cut: fc.option(fc.nat()),
});

function damaged(bytes: Uint8Array, { flips, cut }: Damage): Uint8Array {
  const copy = cut === null ? bytes.slice() : bytes.slice(0, cut % (bytes.length + 1));
  for (const [at, byte] of flips) if (copy.length > 0) copy[at % copy.length] = byte;
  return copy;
}

/** It gives some value, or an error of the package: a damaged name, say, is one that nobody knows. */
function assertAnswers(read: () => unknown): void {
  try {
    read();
  } catch (reason) {
    assert.ok(reason instanceof MultiprocessingError, String(reason));
  }
}

describe('damaged bytes', () => {
  it('of a tree are an error or a value, and read nothing beyond them', () => {
    const trees = fc
      .oneof(tree, graph)
      .filter((value) => messageOf(value, keeper).tag === Tag.tree);
    fc.assert(
      fc.property(trees, damage, (value, how) => {
        const { bytes, tag } = messageOf(value, keeper);
        writeMessage({ tag, bytes, body: undefined }, ring, place);
        const exact = damaged(ring.bytes.subarray(place, place + bytes), how);
        const own = space((exact.length + 7) & ~7);
        own.bytes.set(exact);
        assertAnswers(() => readMessage(own, 0, exact.length, tag));
      }),
      { numRuns: 5 * numRuns },
    );
  });

  it('of any kind, made up, are an error or a value', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(fc.integer({ min: Tag.longBigint, max: 40 }), bytes, (tag, made) => {
        const own = space(64);
        own.bytes.set(made);
        assertAnswers(() => {
          const value = readMessage(own, 0, made.length, tag);
          if (value instanceof Encoded) value.decodeSync();
        });
      }),
      { numRuns: 10 * numRuns },
    );
  });

  it('of what the general codec wrote are an error or a value', async () => {
    const values = fc.oneof(tree, graph, error);
    await fc.assert(
      fc.asyncProperty(values, damage, async (value, how) => {
        const bytes = damaged(encode(value), how);
        assertAnswers(() => decodeSync(bytes));
        const reason: unknown = await decode(bytes).then(
          () => undefined,
          (rejected: unknown) => rejected,
        );
        assert.ok(reason === undefined || reason instanceof MultiprocessingError, String(reason));
      }),
      { numRuns: 5 * numRuns },
    );
  });

  it('that promise more than there is are refused before memory is taken', () => {
    const own = space(64);
    // An array of 4294967295 items.
    own.bytes.set([13, 255, 255, 255, 255]);
    assert.throws(() => readMessage(own, 0, 64, Tag.tree), { code: 'ERR_MP_MESSAGE_FORMAT' });
  });
});
