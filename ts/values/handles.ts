// What the handle of a Value or an Array carries besides the place: the handle of its lock, and the
// fields of its struct.
import { invalidArgument } from '../errors.js';
import { blockAt } from '../memory/block.js';
import { handleOf, objectOf } from '../memory/handles.js';
import type { Place } from '../memory/memory.js';
import { register } from '../memory/registry.js';
import { ElementType, type ObjectKind } from '../native/binding.js';
import { Lock } from '../sync/lock.js';
import { RLock } from '../sync/rlock.js';
import {
  blockKey,
  isOpen,
  lockKey,
  openBlock,
  structKey,
  type DataLock,
  type Parts,
} from './parts.js';
import { scalarNamed, scalarOfElement, unknownType, type Scalar } from './scalars.js';
import { layoutOf, struct } from './struct.js';
import type { Fields, FieldType, StructType } from './struct-types.js';
import { openData, type DataClass } from './synchronized-class.js';

type PlainElement = string | PlainFields;
type PlainType = PlainElement | readonly [PlainElement, number];
/** Fields in their order, which a JSON object need not keep. */
interface PlainFields {
  readonly fields: readonly (readonly [string, PlainType])[];
}

interface Detail {
  readonly lock?: unknown;
  readonly struct?: PlainFields;
}

/** A constructor that users share the objects of. */
export interface DataConstructor {
  readonly kind: ObjectKind;
  readonly type: new (...args: never[]) => object;
  readonly classOf: (type: Scalar | StructType) => DataClass;
}

/** Makes `share` and `attach` know a kind of data. */
export function registerData({ kind, type, classOf }: DataConstructor): void {
  register({
    kind,
    type,
    addressOf: (object) => openBlock(object as Parts).address,
    isOpen: (object) => isOpen(object as Parts),
    ownerOf: (object) => (object as Parts)[blockKey].owner,
    detailOf: (object, holder) => detailOf(object as Parts, holder),
    open: (place: Place, detail: unknown) => {
      const { lock, struct: plain } = (detail ?? {}) as Detail;
      const block = blockAt(place, kind);
      const { element, byteLength } = block.start;
      const of = element === ElementType.record ? structOf(plain) : scalarOfElement(element);
      const size = 'bytes' in of ? of.bytes : of.size;
      if (byteLength % size !== 0) throw invalidArgument('this handle names other fields');
      return openData(classOf(of), block, lock === undefined ? undefined : openLock(lock));
    },
  });
}

/** Whether an object is of the type that a user named. */
export function sameType(object: Parts, type: unknown): boolean {
  const { element } = object[blockKey].start;
  const scalar = scalarNamed(type);
  if (scalar !== undefined) return scalar.element === element;
  if (layoutOf(type) === undefined) throw unknownType(type);
  const mine = object[structKey];
  const key = (of: StructType): string => JSON.stringify(plainFields(of));
  return mine !== undefined && key(mine) === key(type as StructType);
}

/** What a user would call an object's type. */
export function typeName(object: Parts): string {
  const { element } = object[blockKey].start;
  return element === ElementType.record ? 'struct' : scalarOfElement(element).name;
}

function detailOf(object: Parts, holder: number | undefined): Detail | undefined {
  const lock = object[lockKey] && handleOf(object[lockKey], holder);
  const type = object[structKey];
  if (lock === undefined && type === undefined) return undefined;
  return { ...(lock && { lock }), ...(type && { struct: plainFields(type) }) };
}

function openLock(handle: unknown): DataLock {
  const lock = objectOf(handle);
  if (lock instanceof Lock || lock instanceof RLock) return lock;
  throw invalidArgument('this handle names no lock');
}

function plainFields({ fields }: StructType): PlainFields {
  return { fields: Object.entries(fields).map(([name, type]) => [name, plainType(type)]) };
}

function plainType(type: FieldType): PlainType {
  if (typeof type === 'string') return type;
  if ('fields' in type) return plainFields(type);
  return [plainType(type[0]) as PlainElement, type[1]];
}

/** Struct types by their fields, so that what arrives twice has one class. */
const known = new Map<string, StructType>();

function structOf(plain: PlainFields | undefined): StructType {
  if (plain === undefined) throw invalidArgument('this handle names no fields');
  const key = JSON.stringify(plain);
  let type = known.get(key);
  if (type === undefined) known.set(key, (type = struct(fieldsOf(plain))));
  return type;
}

function fieldsOf({ fields }: PlainFields): Fields {
  return Object.fromEntries(fields.map(([name, type]) => [name, fieldType(type)]));
}

function fieldType(type: PlainType): FieldType {
  if (typeof type === 'string') return type as FieldType;
  if ('fields' in type) return structOf(type);
  return [fieldType(type[0]) as StructType, type[1]];
}
