// Arbitrary values for property-based tests: all that structured clone copies, and graphs of them.
import fc from 'fast-check';

/** Strings with halves of surrogate pairs, and names that objects treat specially, among others. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'length', '0', '-0', 'é', ''),
);

/** Trees, as users send them, and odd ones. */
export const tree: fc.Arbitrary<unknown> = fc.anything({
  key: text,
  values: [
    fc.double(),
    fc.integer(),
    fc.constantFrom(0, -0, NaN, Infinity, 2 ** 31, -(2 ** 31), 127, -128),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    text,
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    // assert.deepEqual takes two invalid dates for different ones.
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint8Array().map((bytes) => new DataView(bytes.slice().buffer)),
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
    fc.constantFrom(/a(b)/giu, /^$/),
  ],
  withBigInt: true,
  withBoxedValues: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  maxDepth: 4,
});

/** One kind of container, and what it has: numbers of other containers, or simple values. */
interface Node {
  readonly kind: 'array' | 'map' | 'object' | 'set';
  readonly items: readonly (string | number)[];
}

const nodes = fc.array(
  fc.record({
    kind: fc.constantFrom('array' as const, 'map' as const, 'object' as const, 'set' as const),
    items: fc.array(fc.oneof(fc.nat(20), text), { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** Graphs with cycles, and with objects to which several ways lead. */
export const graph: fc.Arbitrary<object> = nodes.map(build);

function build(described: readonly Node[]): object {
  const made = described.map(({ kind }) => {
    if (kind === 'array') return [];
    return kind === 'map' ? new Map() : kind === 'set' ? new Set() : {};
  });
  for (const [i, { items }] of described.entries()) {
    for (const [j, item] of items.entries()) {
      add(made[i]!, `p${String(j)}`, typeof item === 'number' ? made[item % made.length] : item);
    }
  }
  return made[0]!;
}

function add(to: object, name: string, value: unknown): void {
  if (Array.isArray(to)) to.push(value);
  else if (to instanceof Map) to.set(value, name).set(name, value);
  else if (to instanceof Set) to.add(value);
  else (to as Record<string, unknown>)[name] = value;
}

/** What lies in a container, in order. */
function partsOf(value: object): unknown[] {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat();
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return Object.values(value);
}

/** Whether the same ways lead to the same objects in both. */
export function haveSameIdentities(one: unknown, other: unknown): boolean {
  const partners = new Map<object, object>();
  const pending: [unknown, unknown][] = [[one, other]];
  for (let pair; (pair = pending.pop()) !== undefined;) {
    const [a, b] = pair;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) continue;
    if (partners.has(a) || partners.has(b)) {
      if (partners.get(a) !== b || partners.get(b) !== a) return false;
      continue;
    }
    partners.set(a, b).set(b, a);
    const [parts, others] = [partsOf(a), partsOf(b)];
    parts.forEach((part, i) => pending.push([part, others[i]]));
  }
  return true;
}

const message = fc.string();
const kinds = [Error, TypeError, RangeError, SyntaxError, EvalError, URIError, ReferenceError];

/** Errors with causes, which may be errors again, or anything. */
export const error: fc.Arbitrary<Error> = fc.letrec<{ error: Error; cause: unknown }>((tie) => ({
  error: fc
    .record({ kind: fc.constantFrom(...kinds), message, cause: tie('cause'), extra: tree })
    .map(({ kind, message: text, cause, extra }) =>
      Object.assign(new kind(text, { cause }), { extra }),
    ),
  cause: fc.oneof({ depthSize: 'small' }, fc.constant(undefined), tree, tie('error')),
})).error;
