// Connecting to a listener.
import { setTimeout as delay } from 'node:timers/promises';

import { invalidArgument, MultiprocessingError, TimeoutError } from '../errors.js';
import { native, type SocketAddress } from '../native/binding.js';
import { checkAwait, type AwaitOptions } from '../sync/options.js';
import {
  addressType,
  checkFamily,
  resolveAddress,
  type Address,
  type AddressFamily,
} from './address.js';
import { AttemptQueue } from './attempts.js';
import { checkFlag, checkOptionsObject } from './buffers.js';
import { Connection } from './connection.js';
import { checkLimit } from './connection-options.js';
import { answerChallenge, checkKey, deliverChallenge, handshakeError } from './handshake.js';
import { Pending, timedOut } from './pending.js';
import { Stream } from './stream.js';

/** The system does not tell when the queue of a Unix listener has room again. */
const firstRetryMs = 1;
const lastRetryMs = 50;

/** What errors say. */
const what = 'no connection was made';

/**
 * Options of a client. `timeout` and `signal` are for all of it: finding the host, connecting,
 * authenticating.
 *
 * @public
 */
export interface ClientOptions extends AwaitOptions {
  /** Default: that of the address. */
  readonly family?: AddressFamily | undefined;
  /** The key that both sides must have. */
  readonly authkey?: Uint8Array | undefined;
  /** Whether an HMAC-MD5 proves the key, as CPython up to 3.11 gives it; default true. */
  readonly allowMd5?: boolean | undefined;
  /** The longest message that is received, in bytes; default: one Buffer's limit. */
  readonly maxMessageSize?: number | undefined;
}

/**
 * Connects to a listener.
 *
 * @param address - where it is
 * @param options - the key, and how long it may take
 * @returns the connection, authenticated if there is a key
 * @throws SystemCallError when nobody listens there
 * @throws AuthenticationError when one of the two sides has another key, or none
 * @throws TimeoutError when it took longer than `timeout`
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/naming-convention -- the name is Python's
export async function Client(address: Address, options: ClientOptions = {}): Promise<Connection> {
  checkOptionsObject('Client', '{ authkey }', options);
  addressType(address);
  const wait = checkAwait('Client', options);
  const authkey = checkKey(options.authkey);
  const family = checkFamily(options.family, address);
  wait.signal?.throwIfAborted();
  const attempt: ConnectAttempt = {
    signal: wait.signal,
    timeoutMs: wait.timeoutMs,
    deadlineMs: performance.now() + wait.timeoutMs,
  };
  const { maxMessageSize, allowMd5 = true } = options;
  checkLimit('Client', maxMessageSize);
  checkFlag('Client', 'allowMd5', allowMd5);
  const stream = await connectAny(await find(address, family, attempt), attempt);
  const connection = new Connection(stream.release(), { maxMessageSize });
  if (authkey === undefined) return connection;
  try {
    await answerChallenge(connection, authkey, { ...remaining(attempt), allowMd5 });
    await deliverChallenge(connection, authkey, { ...remaining(attempt), allowMd5 });
    return connection;
  } catch (error) {
    connection.close();
    throw error instanceof TimeoutError ? late(attempt) : handshakeError(error);
  }
}

interface ConnectAttempt {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
}

function remaining({ signal, deadlineMs }: ConnectAttempt): AwaitOptions {
  return { signal, timeout: deadlineMs - performance.now() };
}

/** Where it is, if that is known in time: nothing ends a look-up that has begun. */
function find(
  address: Address,
  family: AddressFamily,
  attempt: ConnectAttempt,
): Promise<SocketAddress[]> {
  const pending = new Pending<SocketAddress[]>(attempt, what, () => undefined);
  resolveAddress(address, family).then(
    (places) => {
      pending.resolve(places);
    },
    (error: unknown) => {
      pending.reject(error as Error);
    },
  );
  return pending.promise;
}

/** The first that answers. */
async function connectAny(
  places: readonly SocketAddress[],
  attempt: ConnectAttempt,
): Promise<Stream> {
  let failure: unknown = invalidArgument('the host has no address');
  for (const place of places) {
    try {
      return await connect(place, attempt);
    } catch (error) {
      if (!(error instanceof MultiprocessingError) || error.code !== 'ERR_MP_SYSTEM_CALL')
        throw error;
      failure = error;
    }
  }
  throw failure;
}

async function connect(place: SocketAddress, attempt: ConnectAttempt): Promise<Stream> {
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(2 * retryMs, lastRetryMs)) {
    const started = native.socketConnect(place);
    if (started !== undefined) {
      const stream = Stream.of(started.stream);
      if (!started.isConnected) await finish(stream, attempt);
      return stream;
    }
    if (performance.now() + retryMs > attempt.deadlineMs) throw late(attempt);
    await delay(retryMs, undefined, { signal: attempt.signal }).catch((error: unknown) => {
      // The reason is the caller's own, whatever it is.
      throw attempt.signal?.reason ?? error;
    });
  }
}

const late = ({ timeoutMs }: ConnectAttempt): Error => timedOut(what, timeoutMs);

async function finish(stream: Stream, { signal, deadlineMs }: ConnectAttempt): Promise<void> {
  const connected = {
    what,
    try: () => {
      if (!stream.isReady(true)) return undefined;
      native.socketFinishConnect(stream.number);
      return true;
    },
  };
  try {
    const timeoutMs = Math.max(deadlineMs - performance.now(), 0);
    await new AttemptQueue(stream, true).await(connected, { timeoutMs, signal });
    stream.onWritable = undefined;
  } catch (error) {
    stream.close();
    throw error;
  }
}
