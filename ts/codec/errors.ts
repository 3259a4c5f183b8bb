// Errors as messages: what structured clone forgets of them, kept beside it.
import * as ours from '../errors.js';
import * as ofPools from '../errors/pool.js';
import * as ofQueues from '../errors/queue.js';
import { registeredClass, registeredName } from './classes.js';

/** Of which class an error was, as far as another process can know. */
export interface ErrorClass {
  /** Built in, or of this package. */
  readonly known?: string;
  /** Registered with registerClass(). */
  readonly registered?: string;
  /** Exported by a module: the class itself, or undefined where it was not found. */
  readonly type?: unknown;
}

type ErrorType = new (...args: never[]) => Error;

const builtIn: ErrorType[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
];
const isErrorType = (value: unknown): value is ErrorType =>
  typeof value === 'function' && value.prototype instanceof Error;
const ownTypes = (Object.values({ ...ours, ...ofQueues, ...ofPools }) as unknown[]).filter(
  isErrorType,
);
const knownTypes = new Map([...builtIn, ...ownTypes].map((type) => [type.name, type]));

/** How another process shall make the error again; undefined when its class is known nowhere else. */
export function classOfError(error: Error): ErrorClass | undefined {
  const type = error.constructor as ErrorType;
  if (knownTypes.get(type.name) === type) return { known: type.name };
  const registered = registeredName(error);
  if (registered !== undefined) return { registered };
  // Node's own errors are of hidden classes below the built-in ones, and have a code.
  const { code } = error as { code?: unknown };
  const isNodes = typeof code === 'string' && code.startsWith('ERR_');
  const base = knownTypes.get(error.name);
  return isNodes && base !== undefined && error instanceof base ? { known: base.name } : undefined;
}

/** The prototype of a class that {@link classOfError} named. */
export function prototypeOfError(named: ErrorClass | undefined): object {
  if (isErrorType(named?.type)) return named.type.prototype as object;
  const { known, registered } = named ?? {};
  const type = known === undefined ? registeredClass(registered ?? '') : knownTypes.get(known);
  return (type?.prototype ?? ours.RemoteError.prototype) as object;
}

/** Properties of an error that structured clone leaves behind: all but its message and stack. */
export function extrasOfError(error: Error): Record<string, unknown> {
  const extras: Record<string, unknown> = {};
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key !== 'message' && key !== 'stack') extras[key] = error[key as keyof Error];
  }
  return extras;
}

/** Makes a plain Error, as it arrived, what it was on the other side. */
export function restoreError(
  error: Error,
  named: ErrorClass | undefined,
  name: string,
  extras: Record<string, unknown>,
): void {
  Object.setPrototypeOf(error, prototypeOfError(named));
  for (const [key, value] of Object.entries(extras)) {
    const enumerable = key !== 'cause' && key !== 'errors' && key !== 'name';
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
  }
  if (error.name !== name) {
    Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  }
  if (error instanceof ours.RemoteError && !('code' in extras)) {
    Object.defineProperty(error, 'code', { value: 'ERR_MP_REMOTE', enumerable: true });
  }
}
