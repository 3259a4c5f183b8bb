// Arrays of records. An index is a property like any other, but there are too many to define: the
// prototype's own prototype is a Proxy, which is asked only for what nobody else has.
import { inspect } from 'node:util';

import { outOfRange } from '../errors.js';
import { assign, type RecordBase } from './record.js';
import type { StructType } from './struct-types.js';

/** The class of the records of a struct type. */
export interface RecordClass {
  new (data: DataView<ArrayBuffer>, base: number): RecordBase;
  readonly type: StructType;
}

/** Where the records are: the first one's offset in the data, and how many follow. */
export interface Extent {
  readonly base: number;
  readonly length: number;
}

/** Live views of records that lie side by side. */
export class RecordArray implements Iterable<RecordBase> {
  readonly #data: DataView<ArrayBuffer>;
  readonly #extent: Extent;
  readonly #recordClass: RecordClass;

  constructor(data: DataView<ArrayBuffer>, extent: Extent, recordClass: RecordClass) {
    this.#data = data;
    this.#extent = extent;
    this.#recordClass = recordClass;
  }

  get length(): number {
    return this.#data.buffer.byteLength === 0 ? 0 : this.#extent.length;
  }

  get byteLength(): number {
    return this.length * this.#recordClass.type.size;
  }

  at(index: number): RecordBase | undefined {
    const whole = Math.trunc(index) || 0;
    return this.record(whole < 0 ? whole + this.length : whole);
  }

  /** The record at an index that counts from 0. */
  record(index: number): RecordBase | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const { type } = this.#recordClass;
    return new this.#recordClass(this.#data, this.#extent.base + index * type.size);
  }

  *[Symbol.iterator](): Generator<RecordBase> {
    for (let i = 0; i < this.length; i++) yield this.record(i)!;
  }

  forEach(visit: (record: RecordBase, index: number) => void): void {
    for (let i = 0; i < this.length; i++) visit(this.record(i)!, i);
  }

  map<T>(change: (record: RecordBase, index: number) => T): T[] {
    return globalThis.Array.from(this, change);
  }

  set(records: Iterable<unknown>, offset = 0): void {
    const inputs = [...records];
    if (!(Number.isInteger(offset) && offset >= 0 && offset + inputs.length <= this.length)) {
      throw outOfRange(`no room for ${inputs.length} records from ${offset} on`);
    }
    inputs.forEach((input, i) => {
      assign(this.record(offset + i)!, input);
    });
  }

  toJSON(): unknown[] {
    return this.map((record) => record.toJSON());
  }

  [inspect.custom](): string {
    return `StructArray(${this.length}) ${inspect(this.toJSON())}`;
  }
}

/** The number that a property's name is, if it is an index. */
function indexOf(key: string | symbol): number | undefined {
  const index = typeof key === 'string' ? Number(key) : NaN;
  return Number.isInteger(index) && String(index) === key ? index : undefined;
}

const indexes = new Proxy(Object.prototype, {
  get(target, key, receiver: RecordArray): unknown {
    const index = indexOf(key);
    return index === undefined ? Reflect.get(target, key, receiver) : receiver.record(index);
  },
  set(target, key, value, receiver: RecordArray): boolean {
    const index = indexOf(key);
    if (index === undefined) return Reflect.set(target, key, value, receiver);
    const record = receiver.record(index);
    if (record === undefined) throw outOfRange(`no record has the index ${index}`);
    assign(record, value);
    return true;
  },
});
Object.setPrototypeOf(RecordArray.prototype, indexes);
