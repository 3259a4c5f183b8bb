// Options of connections, and how positional arguments become them.
import {
  BufferTooShortError,
  ClosedError,
  invalidArgument,
  MultiprocessingError,
  outOfRange,
} from '../errors.js';
import type { Transport } from './transport.js';
import { bytesOf, checkCount, describe, part, type BytesInput } from './buffers.js';
import { longestMessage } from './framing.js';

/**
 * How a Connection is made.
 *
 * @public
 */
export interface ConnectionOptions {
  /** Whether messages can be received; default true. */
  readonly readable?: boolean | undefined;
  /** Whether messages can be sent; default true. */
  readonly writable?: boolean | undefined;
  /**
   * The longest message that is received, in bytes; a longer one ends the receiving. Default: what
   * one Buffer can hold.
   */
  readonly maxMessageSize?: number | undefined;
}

/**
 * Which part of a buffer is sent.
 *
 * @public
 */
export interface SendOptions {
  /** Where to begin, in bytes; default 0. */
  readonly offset?: number | undefined;
  /** How many bytes; default all that follow. */
  readonly size?: number | undefined;
}

/**
 * What is received.
 *
 * @public
 */
export interface ReceiveOptions {
  /** The longest message that is acceptable, in bytes. */
  readonly maxLength?: number | undefined;
}

/**
 * Where a message is received to.
 *
 * @public
 */
export interface IntoOptions {
  /** Where it begins in the buffer, in bytes; default 0. */
  readonly offset?: number | undefined;
}

/** Without waiting. */
export const pollNow = { timeoutMs: 0, signal: undefined };

/** What this layer may do with a connection of the class, and users may not. */
export interface Internals<Connection> {
  /** Whether its waits keep the event loop alive. */
  keepLoop: (connection: Connection, keep: boolean) => void;
  /** A connection over a transport that is there. */
  over: (transport: Transport, options: ConnectionOptions) => Connection;
  isInMemory: (connection: Connection) => boolean;
  /** Its end goes to another process. */
  moveOut: (connection: Connection) => Transport;
  /** It does not. */
  moveBack: (connection: Connection, transport: Transport) => void;
  optionsOf: (connection: Connection) => Required<ConnectionOptions>;
}

/** How long the messages of a connection may be; default: what one Buffer can hold. */
export function checkLimit(method: string, maxMessageSize = longestMessage): number {
  checkCount(method, 'maxMessageSize', maxMessageSize, Number.MAX_SAFE_INTEGER);
  return Math.min(maxMessageSize, longestMessage);
}

/** The options, where they stand in the place of a first number. */
export function optionsIn<T extends object>(first: number | T | undefined): T | undefined {
  return typeof first === 'object' ? first : undefined;
}

/** For use after the end. */
export function notOpen(hasMoved: boolean): ClosedError {
  return new ClosedError(
    hasMoved
      ? 'the connection was sent to another process: send a dup() of it to keep it'
      : 'the connection is closed',
  );
}

/** For one that cannot go to another process now. */
export function inUse(): MultiprocessingError {
  return new MultiprocessingError(
    'a connection cannot be sent while a message is half on its way, something waits for one, or ' +
      'one is looked at',
    { code: 'ERR_MP_BUSY' },
  );
}

/** For use of a way that the connection does not have. */
export function wrongDirection(way: 'read-only' | 'write-only'): MultiprocessingError {
  return new MultiprocessingError(`the connection is ${way}`, { code: 'ERR_MP_DIRECTION' });
}

/** The bytes to send. */
export function sendPart(
  method: string,
  bytes: BytesInput,
  offset: number | SendOptions | undefined,
  size: number | undefined,
): Uint8Array {
  const range = typeof offset === 'object' ? offset : { offset, size };
  return part(method, bytesOf(method, bytes), range);
}

/** Where to receive to. */
export function intoPart(
  method: string,
  buffer: BytesInput,
  offset: number | IntoOptions | undefined,
): Uint8Array {
  const { offset: start } = typeof offset === 'object' ? offset : { offset };
  return part(method, bytesOf(method, buffer), { offset: start });
}

/** How long a message may be, under the connection's own limit. */
export function lengthLimit(
  method: string,
  maxLength: number | ReceiveOptions | undefined,
  limit: number,
): number {
  const wanted = typeof maxLength === 'object' ? maxLength.maxLength : maxLength;
  if (wanted === undefined) return limit;
  checkCount(method, 'maxLength', wanted, Number.MAX_SAFE_INTEGER);
  return Math.min(wanted, limit);
}

/** The size of a message that was to go into `target`. */
export function placed(message: Uint8Array, target: Uint8Array): number {
  if (message.length <= target.length) {
    // A message that another call had begun to receive is elsewhere.
    if (message.buffer !== target.buffer || message.byteOffset !== target.byteOffset) {
      target.set(message);
    }
    return message.length;
  }
  throw new BufferTooShortError(
    `the message has ${String(message.length)} bytes, the buffer has room for ` +
      `${String(target.length)}; the error's bytes are the message`,
    { bytes: message },
  );
}

/** A descriptor, of a connection that can do something. */
export function checkHandle(handle: unknown, isUsable: boolean): void {
  if (typeof handle !== 'number') {
    throw invalidArgument(`a Connection takes a descriptor, not ${describe(handle)}`);
  }
  if (!Number.isInteger(handle) || handle < 0) {
    throw outOfRange(`${String(handle)} is not a descriptor`);
  }
  if (!isUsable) {
    throw invalidArgument('a Connection must be readable or writable, or both');
  }
}
