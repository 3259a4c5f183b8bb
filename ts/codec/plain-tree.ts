// Which values the fast encoder may have: trees of plain objects, small arrays and simple values,
// which it gives back exactly as structured clone would. All else is the general codec's.

/** Deeper, or larger, is for the general codec: it keeps track of what it has seen. */
const maxDepth = 32;
const maxNodes = 64;
/** Arrays may have properties of their own, and looking for them costs by the element. */
const maxArray = 32;

/** Objects and arrays of the tree so far: one that comes twice must be one afterwards too. */
const seen: object[] = [];

/** Whether it is such a tree. */
export function isPlainTree(value: object): boolean {
  seen.length = 0;
  const isPlain = isPlainObject(value, 0);
  seen.length = 0;
  return isPlain;
}

function isPlainValue(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value);
    case 'number':
      return value !== 0 || !Object.is(value, -0);
    case 'boolean':
    case 'undefined':
      return true;
    case 'object':
      return value === null || isPlainObject(value, depth);
    case 'bigint':
    case 'function':
    case 'symbol':
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth > maxDepth || seen.length >= maxNodes || seen.includes(value)) return false;
  seen.push(value);
  if (Array.isArray(value)) return isPlainArray(value, depth + 1);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of Object.keys(value)) {
    // The encoder asks objects for the first two, and its decoder renames the third.
    if (key === 'constructor' || key === 'toJSON' || key === '__proto__') return false;
    if (!isWellFormed(key)) return false;
    if (!isPlainValue((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

/** Not in the declarations of ES2022, and in every Node that the package runs on. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  const { length } = value;
  if (length > maxArray || Object.getPrototypeOf(value) !== Array.prototype) return false;
  if (Object.keys(value).length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (!isPlainValue(value[i], depth)) return false;
  }
  return true;
}
