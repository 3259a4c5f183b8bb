// Proving to each other that both sides have the same key, as CPython's multiprocessing.connection
// does. The key itself never travels; nothing is encrypted.
//
//   LISTENER                       | CLIENT
//   -------------------------------+---------------------------------
//   #CHALLENGE# M1              →  |
//                                  | ←  answer to M1
//   #WELCOME# or #FAILURE#      →  |
//                                  | ←  #CHALLENGE# M2
//   answer to M2                →  |
//                                  | ←  #WELCOME# or #FAILURE#
//
//                      | CPython ≤ 3.11            | CPython ≥ 3.12, and here
//   -------------------+---------------------------+----------------------------------------------
//   M                  | 20 random bytes           | {sha256} and 40 random bytes
//   answer to bare M   | HMAC-MD5 of M             | the same
//   answer to {name} M | HMAC-MD5 of M with prefix | {name} and HMAC-name of M with prefix
//
// Sources: Lib/multiprocessing/connection.py of 3.11 and 3.13.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { AuthenticationError, EOFError, invalidArgument, MultiprocessingError } from '../errors.js';
import { describe } from './buffers.js';
import type { AwaitOptions } from '../sync/options.js';

const challengeMark = Buffer.from('#CHALLENGE#');
const welcome = Buffer.from('#WELCOME#');
const failure = Buffer.from('#FAILURE#');

/** Nothing of a handshake is longer. */
const maxLength = 256;
const randomLength = 40;
const legacyChallengeLength = 20;

/* eslint-disable @typescript-eslint/naming-convention -- the names are those on the wire */
/** Names as they travel, and as node:crypto has them; with the length of their digests. */
const digests = {
  md5: { name: 'md5', length: 16 },
  sha256: { name: 'sha256', length: 32 },
  sha384: { name: 'sha384', length: 48 },
  sha3_256: { name: 'sha3-256', length: 32 },
  sha3_384: { name: 'sha3-384', length: 48 },
} as const;
/* eslint-enable @typescript-eslint/naming-convention */

/**
 * A digest that a challenge may ask for.
 *
 * @public
 */
export type DigestName = keyof typeof digests;

/**
 * Options of one half of the handshake.
 *
 * @public
 */
export interface ChallengeOptions extends AwaitOptions {
  /** The digest that the challenge asks for; default `sha256`. */
  readonly digestName?: DigestName | undefined;
  /**
   * Whether an HMAC-MD5 is good enough. Default true, for CPython up to 3.11 knows no other.
   */
  readonly allowMd5?: boolean | undefined;
}

/**
 * What the handshake needs of a connection.
 *
 * @public
 */
export interface HandshakeConnection {
  /** Sends one message. */
  sendBytes(bytes: Uint8Array, options?: AwaitOptions): Promise<void>;
  /** Receives one message. */
  recvBytes(
    options: AwaitOptions & { readonly maxLength?: number | undefined },
  ): Promise<Uint8Array>;
}

/**
 * Lets the other side prove that it has the key.
 *
 * @param connection - a connection on which nothing else is under way
 * @param authkey - the key; an empty one is a key too
 * @param options - `digestName`, `allowMd5`, and how long to wait for each message
 * @throws AuthenticationError when the proof is wrong
 *
 * @public
 */
export async function deliverChallenge(
  connection: HandshakeConnection,
  authkey: Uint8Array,
  options: ChallengeOptions = {},
): Promise<void> {
  checkSides('deliverChallenge', connection, authkey);
  const { digestName = 'sha256', allowMd5 = true, ...wait } = options;
  if (!Object.hasOwn(digests, digestName)) throw invalidArgument(`unknown digest ${digestName}`);
  const message = Buffer.concat([Buffer.from(`{${digestName}}`), randomBytes(randomLength)]);
  await connection.sendBytes(Buffer.concat([challengeMark, message]), wait);
  const answer = Buffer.from(await connection.recvBytes({ ...wait, maxLength }));
  const fault = faultOf(answer, message, authkey, allowMd5);
  await connection.sendBytes(fault === undefined ? welcome : failure, wait);
  if (fault !== undefined) throw new AuthenticationError(fault);
}

/**
 * Proves to the other side that this one has the key.
 *
 * @param connection - a connection on which nothing else is under way
 * @param authkey - the key
 * @param options - `allowMd5`, and how long to wait for each message
 * @throws AuthenticationError when the other side does not ask for a proof, or refuses it
 *
 * @public
 */
export async function answerChallenge(
  connection: HandshakeConnection,
  authkey: Uint8Array,
  options: ChallengeOptions = {},
): Promise<void> {
  checkSides('answerChallenge', connection, authkey);
  const { allowMd5 = true, ...wait } = options;
  const challenge = Buffer.from(await connection.recvBytes({ ...wait, maxLength }));
  if (!challenge.subarray(0, challengeMark.length).equals(challengeMark)) {
    throw new AuthenticationError('the other side sent no challenge: does it use an authkey?');
  }
  const message = challenge.subarray(challengeMark.length);
  await connection.sendBytes(answerTo(message, authkey, allowMd5), wait);
  const verdict = Buffer.from(await connection.recvBytes({ ...wait, maxLength }));
  if (!verdict.equals(welcome)) throw new AuthenticationError('digest sent was rejected');
}

/** The answer to what follows `#CHALLENGE#`. */
export function answerTo(message: Buffer, authkey: Uint8Array, allowMd5: boolean): Buffer {
  const name = digestOf(message, legacyChallengeLength);
  if (message.length < legacyChallengeLength) {
    throw new AuthenticationError(`challenge too short: ${String(message.length)} bytes`);
  }
  if (name === undefined) {
    throw new AuthenticationError(
      'the challenge has no digest that is known, and is not one of 20 bytes without a digest',
    );
  }
  if (name.digest === 'md5' && !allowMd5) {
    throw new AuthenticationError('the other side asks for MD5, which allowMd5: false forbids');
  }
  const mac = macOf(name.digest, authkey, message);
  return name.isBare ? mac : Buffer.concat([Buffer.from(`{${name.digest}}`), mac]);
}

/** What is wrong with an answer. */
function faultOf(
  answer: Buffer,
  message: Buffer,
  authkey: Uint8Array,
  allowMd5: boolean,
): string | undefined {
  const name = digestOf(answer, digests.md5.length);
  if (name === undefined) return 'digest received was of no known kind';
  if (name.digest === 'md5' && !allowMd5) return 'digest received was MD5, which is not allowed';
  const mac = name.isBare ? answer : answer.subarray(name.digest.length + 2);
  const expected = macOf(name.digest, authkey, message);
  if (mac.length !== expected.length) {
    return `expected ${name.digest} of length ${String(expected.length)}, got ${String(mac.length)}`;
  }
  return timingSafeEqual(mac, expected) ? undefined : 'digest received was wrong';
}

interface FoundDigest {
  readonly digest: DigestName;
  /** Without a name: the old form. */
  readonly isBare: boolean;
}

function digestOf(message: Buffer, bareLength: number): FoundDigest | undefined {
  if (message.length === bareLength) return { digest: 'md5', isBare: true };
  const named = /^\{(\w+)\}/.exec(message.subarray(0, 16).toString('latin1'))?.[1];
  if (named === undefined || !Object.hasOwn(digests, named)) return undefined;
  return { digest: named as DigestName, isBare: false };
}

function macOf(digest: DigestName, authkey: Uint8Array, message: Buffer): Buffer {
  try {
    return createHmac(digests[digest].name, authkey).update(message).digest();
  } catch (cause) {
    throw new AuthenticationError(`this Node.js has no ${digest}, which the other side uses`, {
      cause,
    });
  }
}

function checkSides(method: string, connection: unknown, authkey: unknown): void {
  const { sendBytes, recvBytes } = Object(connection) as Partial<HandshakeConnection>;
  if (typeof sendBytes !== 'function' || typeof recvBytes !== 'function') {
    throw invalidArgument(`${method}() takes a Connection, not ${describe(connection)}`);
  }
  if (checkKey(authkey) !== undefined) return;
  throw invalidArgument('authkey is missing; an empty one is a key too');
}

/** The key, if it is one; undefined when there is none. */
export function checkKey(authkey: unknown): Uint8Array | undefined {
  if (authkey === undefined || authkey === null) return undefined;
  if (authkey instanceof Uint8Array) return authkey;
  throw invalidArgument(
    `authkey should be a byte string, such as Buffer.from('secret'), not ${describe(authkey)}`,
  );
}

/** What went wrong in a handshake, as an AuthenticationError if the other side is to blame. */
export function handshakeError(error: unknown): unknown {
  if (error instanceof EOFError) {
    return new AuthenticationError(
      'the other side ended the connection during authentication: does it use the same authkey?',
      { cause: error },
    );
  }
  if (error instanceof AuthenticationError || !(error instanceof MultiprocessingError))
    return error;
  const whose = ['ERR_MP_MESSAGE_TOO_LONG', 'ERR_MP_MESSAGE_FORMAT'].includes(error.code);
  if (!whose) return error;
  return new AuthenticationError(`the other side did not authenticate: ${error.message}`, {
    cause: error,
  });
}
