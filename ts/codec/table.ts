// The table of a message: what its placeholders stand for, as data that any process understands.
import { NotImportableError } from '../errors.js';
import { isFunctionRef } from '../functions/function-ref.js';
import { referenceOf } from '../functions/reference-of.js';
import type { FunctionReference } from '../functions/reference.js';
import { classOf } from '../memory/registry.js';
import { handleOf, type SharedHandle } from '../memory/handles.js';
import { carrierOf, pack, type Carried } from './carriers.js';

/** One thing that is sent by reference. */
export type Entry =
  | { readonly shared: SharedHandle }
  | { readonly carried: Carried }
  | {
      readonly function: FunctionReference;
      /** The receiver can do without it: undefined stands there when it is not found. */
      readonly isOptional?: true;
    };

/** Whether what has arrived is such a list, as far as the kinds of its entries go. */
export function isTable(value: unknown): value is Entry[] {
  if (!Array.isArray(value)) return false;
  return value.every((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return false;
    const what = Object.values(entry)[0] as unknown;
    if (typeof what !== 'object' || what === null) return false;
    return 'shared' in entry || 'carried' in entry || 'function' in entry;
  });
}

/** Whether a value is sent by reference, not as a copy. */
export function isReferred(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return isFunctionRef(value) || classOf(value) !== undefined || carrierOf(value) !== undefined;
}

/** The entry of a value that {@link isReferred}; throws NotImportableError for a closure. */
export function entryOf(value: object, path: string, holder: number | undefined): Entry {
  if (typeof value !== 'function' && !isFunctionRef(value)) {
    const shared = handleOf(value, holder);
    if (shared !== undefined) return { shared };
    const carrier = carrierOf(value);
    if (carrier !== undefined) return { carried: pack(carrier, value, holder) };
  }
  try {
    return { function: referenceOf(value) };
  } catch (error) {
    if (error instanceof NotImportableError && path !== '') {
      error.message = `${path}: ${error.message}`;
    }
    throw error;
  }
}

/** The entry of a class that the receiver may do without; undefined when it cannot be named. */
export function optionalEntryOf(type: unknown): Entry | undefined {
  if (typeof type !== 'function') return undefined;
  try {
    return { function: referenceOf(type), isOptional: true };
  } catch (error) {
    if (error instanceof NotImportableError) return undefined;
    throw error;
  }
}
