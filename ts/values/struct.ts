// Structs: several fields in one piece of shared memory, laid out as a C compiler would.
import { invalidArgument, outOfRange } from '../errors.js';
import { lockForms } from './synchronized-class.js';
import { scalarNamed, shown, unknownType, type Scalar } from './scalars.js';
import type { Fields, FieldType, StructType } from './struct-types.js';

/** One field in its place. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly of: Scalar | StructType;
  /** How many; undefined when it is not an array. */
  readonly count: number | undefined;
}

/** What a struct type is made of, in the order of memory. */
const layouts = new WeakMap<StructType, readonly Field[]>();

/** Names that the objects of structs have for something else. */
const taken = new Set<string>([
  ...lockForms,
  'getLock',
  'getObj',
  'toJSON',
  'constructor',
  '__proto__',
  'then',
]);

/**
 * A type of several named fields, for `Value` and `Array`, laid out as C does (natural alignment).
 *
 * @param fields - name → type: a code or name, another struct, or `[type, count]` for an array;
 * `['char', count]` is text of so many bytes in UTF-8
 * @throws TypeError when a field's name or type cannot be
 *
 * @example
 * ```ts
 * const Point = struct({ x: 'float64', y: 'float64', name: ['char', 16] });
 * const corner = new Value(Point, { x: 1, y: 2, name: 'corner' });
 * corner.x += 0.5;
 * ```
 *
 * Source: CPython's {@link https://docs.python.org/3/library/ctypes.html#structures-and-unions |
 * ctypes.Structure}.
 *
 * @public
 */
export function struct<const F extends Fields>(fields: F): StructType<F> {
  if (typeof fields !== 'object' || (fields as unknown) === null) {
    throw invalidArgument(`struct() takes an object of fields, not ${shown(fields)}`);
  }
  const entries = Object.entries<FieldType>(fields);
  if (entries.length === 0) throw invalidArgument('a struct needs a field');
  let end = 0;
  let alignment = 1;
  const layout = entries.map(([name, type]): Field => {
    checkName(name);
    const { of, count } = parse(name, type);
    const offset = alignUp(end, alignmentOf(of));
    end = offset + sizeOf(of) * (count ?? 1);
    alignment = Math.max(alignment, alignmentOf(of));
    return { name, offset, of, count };
  });
  const offsets = Object.fromEntries(layout.map(({ name, offset }) => [name, offset]));
  const made = { fields: { ...fields }, size: alignUp(end, alignment), alignment, offsets };
  Object.values(made).forEach((part) => Object.freeze(part));
  const type = Object.freeze(made) as StructType<F>;
  layouts.set(type, layout);
  return type;
}

/** The fields of a struct type; undefined when `type` is none. */
export function layoutOf(type: unknown): readonly Field[] | undefined {
  return typeof type === 'object' && type !== null ? layouts.get(type as StructType) : undefined;
}

function checkName(name: string): void {
  if (taken.has(name) || /^\d+$/.test(name)) {
    throw invalidArgument(`a field of a struct cannot be called ${shown(name)}`);
  }
}

function parse(name: string, type: FieldType): Pick<Field, 'of' | 'count'> {
  const [element, count] = globalThis.Array.isArray(type) ? (type as unknown[]) : [type];
  const of = scalarNamed(element) ?? (layoutOf(element) && (element as StructType));
  if (of === undefined) throw unknownType(element);
  if (element === type) return { of, count: undefined };
  if (typeof count !== 'number' || !Number.isInteger(count)) {
    throw invalidArgument(`field ${name}: an array type is [type, count], not ${shown(type)}`);
  }
  if (count < 1 || count > 2 ** 30) throw outOfRange(`field ${name}: ${count} elements`);
  return { of, count };
}

export function sizeOf(of: Scalar | StructType): number {
  return 'bytes' in of ? of.bytes : of.size;
}

function alignmentOf(of: Scalar | StructType): number {
  return 'bytes' in of ? of.bytes : of.alignment;
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
