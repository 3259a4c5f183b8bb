// Single values in shared memory, without a lock: what all types of them have in common.
import { inspect } from 'node:util';

import { invalidArgument } from '../errors.js';
import { createBlock, type Block } from '../memory/block.js';
import { ObjectKind } from '../native/binding.js';
import { blockKey, type Parts } from './parts.js';
import {
  scalarOfElement,
  shown,
  toBigInt,
  type AnyTypedArray,
  type Scalar,
  type Stored,
} from './scalars.js';

export const viewKey = Symbol('view');
export const scalarKey = Symbol('scalar');

/** A value of some type. Each type has a class of its own, so that each one's `value` stays fast. */
export abstract class ScalarValueBase implements Parts {
  readonly [blockKey]: Block;
  readonly [scalarKey]: Scalar;
  readonly [viewKey]: AnyTypedArray;

  constructor(block: Block) {
    const scalar = scalarOfElement(block.start.element);
    this[viewKey] = new scalar.view(block.buffer, block.byteOffset, 1);
    this[blockKey] = block;
    this[scalarKey] = scalar;
  }

  abstract get value(): unknown;
  abstract set value(item: unknown);

  [inspect.custom](): string {
    return `Value(${this[scalarKey].name}) { value: ${inspect(this.value)} }`;
  }
}

/** Adds the operations that no other process can come between. */
export abstract class AtomicValueBase extends ScalarValueBase {
  /** Reads it in the order of all atomic operations. */
  load(): Stored {
    return Atomics.load(this.#view, 0);
  }

  /** Writes it in the order of all atomic operations. */
  store(item: unknown): void {
    Atomics.store(this.#view, 0, this.#stored(item));
  }

  /** Adds, wrapping around, and returns what was there before; so do the next four. */
  add(operand: unknown): Stored {
    return Atomics.add(this.#view, 0, this.#operand(operand));
  }

  sub(operand: unknown): Stored {
    return Atomics.sub(this.#view, 0, this.#operand(operand));
  }

  and(operand: unknown): Stored {
    return Atomics.and(this.#view, 0, this.#operand(operand));
  }

  or(operand: unknown): Stored {
    return Atomics.or(this.#view, 0, this.#operand(operand));
  }

  xor(operand: unknown): Stored {
    return Atomics.xor(this.#view, 0, this.#operand(operand));
  }

  /** Writes and returns what was there before. */
  exchange(item: unknown): Stored {
    return Atomics.exchange(this.#view, 0, this.#stored(item));
  }

  /** Writes if `expected` is there; returns what was there. */
  compareExchange(expected: unknown, replacement: unknown): Stored {
    return Atomics.compareExchange(
      this.#view,
      0,
      this.#stored(expected),
      this.#stored(replacement),
    );
  }

  // Atomics has one signature for numbers and another for bigints. View and operand are of the same
  // kind here, which the type checker cannot see.
  get #view(): Int32Array {
    return this[viewKey] as Int32Array;
  }

  #stored(input: unknown): number {
    return this[scalarKey].stored(input) as number;
  }

  /** Operands may be outside the type's range: -1 on an unsigned value is well-defined. */
  #operand(input: unknown): number {
    const { name, bytes } = this[scalarKey];
    if (bytes === 8) return toBigInt(name, input) as unknown as number;
    if (typeof input === 'number' && Number.isSafeInteger(input)) return input;
    throw invalidArgument(`${name} calculates with whole numbers, not ${shown(input)}`);
  }
}

/** The class of a type's values. */
export type ScalarValueClass = new (block: Block) => ScalarValueBase;

/** A new block for one value. */
export function createScalarBlock({ element, bytes }: Scalar): Block {
  return createBlock({ kind: ObjectKind.value, element, byteLength: bytes });
}
