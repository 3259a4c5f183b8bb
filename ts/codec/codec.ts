// Values to bytes and back: structured clone, and beside it what structured clone cannot carry:
// shared objects, functions and classes by reference, instances of registered classes, errors whole.
//
//   BYTE | 0: only structured clone | 1: with a table; 2: with one that has functions in it
//   -----+--------------------------+------------------------------------------------------------
//      0 | 0                        | 1 or 2
//    1…4 | clone of the value …     | length of the table, little endian
//    5…  |                          | the table, JSON; then the clone of [value, repairs]
import { inspect } from 'node:util';

import { MultiprocessingError, NotCloneableError } from '../errors.js';
import { resolve, resolveSync } from '../functions/resolve.js';
import type { Arrivals } from '../memory/arrivals.js';
import { dropHandle, objectOf } from '../memory/handles.js';
import { takeBack, unpack } from './carriers.js';
import { registeredClass } from './classes.js';
import { findRefused, GraphCopier, needsCopy, type Repair } from './copy-graph.js';
import { restoreError } from './errors.js';
import { MessageDeserializer, MessageSerializer } from './placeholder.js';
import { entryOf, isTable, optionalEntryOf, type Entry } from './table.js';
import { malformed } from './tree-format.js';

const plain = 0;
const withTable = 1;
const withFunctions = 2;
const tableStart = 5;

/** What messages call the value, and other choices of the sender. */
export interface EncodeOptions {
  /** Begins the paths in error messages, such as `args`. */
  readonly label?: string;
  /** With whose end what is in flight shall come back, instead of with this thread's; an id. */
  readonly holder?: number | undefined;
}

/**
 * A message. The shared objects in it are in flight until it is decoded once, or discarded.
 *
 * @throws NotImportableError for a function that cannot be named
 * @throws NotCloneableError for anything else that cannot be sent
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array {
  try {
    return messageOf(value, options);
  } catch (error) {
    if (isOverflow(error)) throw tooDeep(options.label ?? 'the value', error);
    // The way through the value fills a stack, and pushes out of it who wanted to send it.
    if (error instanceof MultiprocessingError) Error.captureStackTrace(error, encode);
    throw error;
  }
}

function messageOf(value: unknown, options: EncodeOptions): Uint8Array {
  const { label = 'the value', holder } = options;
  if (!needsCopy(value)) return join(plain, '', serialize(value, label));
  const table: Entry[] = [];
  try {
    const copier = new GraphCopier({
      refer: (referred, path) => table.push(entryOf(referred, path, holder)) - 1,
      referClass: (type) => {
        const entry = optionalEntryOf(type);
        return entry && table.push(entry) - 1;
      },
    });
    const copy = copier.copy(value, label);
    const form = table.some((entry) => 'function' in entry) ? withFunctions : withTable;
    return join(form, JSON.stringify(table), serialize([copy, copier.repairs], label, value));
  } catch (error) {
    discardTable(table);
    throw error;
  }
}

function join(form: number, table: string, body: Uint8Array): Uint8Array {
  const head = Buffer.from(table);
  const start = form === plain ? 1 : tableStart + head.length;
  const bytes = new Uint8Array(start + body.length);
  bytes[0] = form;
  if (form !== plain) {
    new DataView(bytes.buffer).setUint32(1, head.length, true);
    bytes.set(head, tableStart);
  }
  bytes.set(body, start);
  return bytes;
}

function serialize(value: unknown, label: string, original = value): Uint8Array {
  try {
    return serialized(value);
  } catch (cause) {
    if (isOverflow(cause)) throw cause;
    throw notCloneable(original, label, cause);
  }
}

/** V8 and we go through values by recursion. */
const isOverflow = (error: unknown): error is RangeError =>
  error instanceof RangeError && error.message.includes('call stack');

function tooDeep(label: string, cause: RangeError): NotCloneableError {
  return new NotCloneableError(
    `${label} cannot be sent to another process: it is nested too deeply, by thousands of levels`,
    { cause },
  );
}

function serialized(value: unknown): Uint8Array {
  const serializer = new MessageSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/** For trying out what can be cloned. */
const noTable = { refer: () => 0, referClass: () => undefined };

function notCloneable(value: unknown, label: string, cause: unknown): NotCloneableError {
  const refused = findRefused(value, label, (part) => {
    try {
      serialized(needsCopy(part) ? new GraphCopier(noTable).copy(part, '') : part);
      return true;
    } catch {
      return false;
    }
  });
  const what = inspect(refused.value, { depth: 0, breakLength: Infinity });
  return new NotCloneableError(
    `${refused.path} cannot be sent to another process: ${what} cannot be cloned. ` +
      'Send plain data, shared objects, exported functions, or instances of classes that ' +
      'registerClass() knows',
    { cause },
  );
}

/**
 * The value of a message; loads the modules of the functions in it.
 *
 * @param arrivals - what has arrived here before
 */
export async function decode(bytes: Uint8Array, arrivals?: Arrivals): Promise<unknown> {
  const message = split(bytes);
  const { table } = message;
  const loaded = await Promise.allSettled(
    table.map(async (entry) => ('function' in entry ? resolve(entry.function) : undefined)),
  );
  const failed = loaded.find(({ status }, i) => status === 'rejected' && !isOptional(table[i]));
  if (failed !== undefined) {
    discardTable(table);
    throw (failed as PromiseRejectedResult).reason;
  }
  const functions = loaded.map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  );
  return assemble(message, (index) => functions[index], arrivals);
}

/** As {@link decode}, at once; throws NotImportableError when a module cannot be loaded so. */
export function decodeSync(bytes: Uint8Array, arrivals?: Arrivals): unknown {
  const functionAt = (...[, entry]: [number, FunctionEntry]): unknown => {
    try {
      return resolveSync(entry.function);
    } catch (error) {
      if (isOptional(entry)) return undefined;
      throw error;
    }
  };
  return assemble(split(bytes), functionAt, arrivals);
}

function isOptional(entry: Entry | undefined): boolean {
  return entry !== undefined && 'isOptional' in entry;
}

/** Whether there are no functions in a message, so that no module has to be loaded for it. */
export function needsNoModule(bytes: Uint8Array): boolean {
  return bytes[0] !== withFunctions;
}

/** Gives back what is in flight in a message that nobody will decode. */
export function discard(bytes: Uint8Array): void {
  discardTable(split(bytes).table);
}

interface Message {
  readonly form: number;
  readonly table: readonly Entry[];
  readonly body: Uint8Array;
}

function split(bytes: Uint8Array): Message {
  if (bytes[0] === plain) return { form: plain, table: [], body: bytes.subarray(1) };
  return wellFormed(() => {
    const { buffer, byteOffset, byteLength } = bytes;
    const length = new DataView(buffer, byteOffset, byteLength).getUint32(1, true);
    const table: unknown = JSON.parse(
      Buffer.from(buffer, byteOffset + tableStart, length).toString(),
    );
    const form = bytes[0]!;
    if ((form !== withTable && form !== withFunctions) || !isTable(table)) throw malformed();
    return { form, table, body: bytes.subarray(tableStart + length) };
  });
}

/** What comes of damaged bytes is an error of one kind, whatever stumbled over them. */
function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isOverflow(error)) throw tooDeep('what has arrived', error);
    throw error instanceof MultiprocessingError ? error : malformed(error);
  }
}

type FunctionEntry = Extract<Entry, { readonly function: unknown }>;

function assemble(
  { form, table, body }: Message,
  functionAt: (index: number, entry: FunctionEntry) => unknown,
  arrivals: Arrivals | undefined,
): unknown {
  let attached = 0;
  const entries: unknown[] = [];
  try {
    for (const [index, entry] of table.entries()) {
      const isFunction = 'function' in entry;
      entries.push(
        isFunction ? functionAt(index, entry) : wellFormed(() => arrived(entry, arrivals)),
      );
      attached = index + 1;
    }
  } catch (error) {
    discardTable(table.slice(attached));
    throw error;
  }
  return wellFormed(() => {
    const deserializer = new MessageDeserializer(body, entries);
    deserializer.readHeader();
    const value: unknown = deserializer.readValue();
    if (form === plain) return value;
    const [result, repairs] = value as [unknown, Repair[]];
    repairs.forEach(repair);
    return result;
  });
}

function arrived(entry: Exclude<Entry, FunctionEntry>, arrivals?: Arrivals): object {
  if ('carried' in entry) return unpack(entry.carried);
  return arrivals === undefined ? objectOf(entry.shared) : arrivals.objectOf(entry.shared);
}

function discardTable(table: readonly Entry[]): void {
  for (const entry of table) {
    if ('shared' in entry) dropHandle(entry.shared);
    if ('carried' in entry) takeBack(entry.carried);
  }
}

/** Makes one object what it was before it was sent. */
function repair(what: Repair): void {
  if (what[0] === 'error') {
    const [, error, named, name, extras] = what;
    restoreError(error, named, name, extras);
    return;
  }
  const [, object, name] = what;
  const registered = registeredClass(name);
  if (registered === undefined) throw unknownClass(name);
  Object.setPrototypeOf(object, registered.prototype as object);
}

function unknownClass(name: string): MultiprocessingError {
  return new MultiprocessingError(
    `an instance of ${name} arrived, but this process has not called registerClass(${name}): call ` +
      'it in the module that defines the class',
    { code: 'ERR_MP_CLASS_UNKNOWN' },
  );
}
