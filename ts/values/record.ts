// One record of a struct in shared memory. Its fields are accessors of the subclass that
// record-class.ts makes for its type.
import { inspect } from 'node:util';

import { invalidArgument } from '../errors.js';
import { structKey } from './parts.js';
import { shown } from './scalars.js';
import type { StructType } from './struct-types.js';

export const dataKey = Symbol('data');
export const baseKey = Symbol('base');

/** Where a record's bytes are. */
export abstract class RecordBase {
  readonly [dataKey]: DataView<ArrayBuffer>;
  readonly [baseKey]: number;
  /** On the prototype of the class of its type. */
  declare readonly [structKey]: StructType;

  constructor(data: DataView<ArrayBuffer>, base: number) {
    this[dataKey] = data;
    this[baseKey] = base;
  }

  /** A copy of the fields in a plain object. */
  toJSON(): Record<string, unknown> {
    const fields = this as unknown as Record<string, unknown>;
    return Object.fromEntries(
      Object.keys(this[structKey].fields).map((name) => [name, plain(fields[name])]),
    );
  }

  [inspect.custom](): string {
    return `Struct ${inspect(this.toJSON())}`;
  }
}

function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<unknown>)];
  const live = value as { toJSON?: () => unknown } | undefined;
  return typeof live?.toJSON === 'function' ? live.toJSON() : value;
}

/** Writes some fields of a record: those of an object, or the first ones in order. */
export function assign(record: RecordBase, input: unknown): void {
  const names = Object.keys(record[structKey].fields);
  const target = record as unknown as Record<string, unknown>;
  const source: unknown = input instanceof RecordBase ? input.toJSON() : input;
  if (globalThis.Array.isArray(source)) {
    if (source.length > names.length) {
      throw invalidArgument(`${source.length} values for the ${names.length} fields of a struct`);
    }
    (source as unknown[]).forEach((value, i) => (target[names[i]!] = value));
  } else if (typeof source === 'object' && source !== null) {
    for (const [name, value] of Object.entries(source)) {
      if (!names.includes(name)) throw invalidArgument(`the struct has no field ${shown(name)}`);
      target[name] = value;
    }
  } else {
    throw invalidArgument(`a struct takes an object of its fields, not ${shown(source)}`);
  }
}
