// Listeners: where other processes connect to.
import { rmdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { AuthenticationError, ClosedError, invalidArgument } from '../errors.js';
import { native, type SocketAddress } from '../native/binding.js';
import { checkAwait, type AwaitOptions } from '../sync/options.js';
import {
  arbitraryAddress,
  checkFamily,
  resolveAddress,
  userAddress,
  type Address,
  type AddressFamily,
} from './address.js';
import { BoundPath } from './bound-path.js';
import { checkCount, checkFlag, checkOptionsObject } from './buffers.js';
import { Connection, internals } from './connection.js';
import { checkLimit } from './connection-options.js';
import { answerChallenge, checkKey, deliverChallenge, handshakeError } from './handshake.js';
import { Pending } from './pending.js';
import { Stream } from './stream.js';

const defaultBacklog = 128;
const largestBacklog = 65535;
const defaultHandshakeMs = 10_000;
const defaultPending = 32;

/**
 * Options of a listener.
 *
 * @public
 */
export interface ListenerOptions {
  /** Where to listen; default: a fresh address of the family. Port 0 is any free one. */
  readonly address?: Address | undefined;
  /** Default: that of the address; without an address `AF_UNIX`. */
  readonly family?: AddressFamily | undefined;
  /** How many connections the system keeps before they are accepted; default 128. */
  readonly backlog?: number | undefined;
  /** The key that both sides must have. Without one everybody is let in. */
  readonly authkey?: Uint8Array | undefined;
  /** Whether an HMAC-MD5 proves the key, as CPython up to 3.11 gives it; default true. */
  readonly allowMd5?: boolean | undefined;
  /** How long a client may take to authenticate, in milliseconds; default 10 000. */
  readonly handshakeTimeout?: number | undefined;
  /** How many clients may be authenticating at once; default 32. Others wait in the backlog. */
  readonly maxPending?: number | undefined;
  /** The longest message that the connections receive, in bytes; default: one Buffer's limit. */
  readonly maxMessageSize?: number | undefined;
}

/**
 * Accepts connections. Made by the function of the same name. It keeps the process alive while an
 * `accept` waits.
 *
 * @public
 */
export interface Listener extends Disposable, AsyncDisposable {
  /**
   * The next connection, authenticated if the listener has a key. Clients authenticate side by side,
   * so a slow one holds up nobody.
   *
   * @param options - how long to wait, and what ends the wait
   * @throws AuthenticationError when a client failed to prove that it has the key, or took too long;
   * the listener stays usable
   * @throws ClosedError when the listener is closed
   */
  accept(options?: AwaitOptions): Promise<Connection>;
  /** Where it listens; a port that was 0 is the real one. */
  readonly address: readonly [string, number] | string;
  /** Where the connection came from that was accepted last; null before. A path is mostly ''. */
  readonly lastAccepted: readonly [string, number] | string | null;
  /** Closes it and removes its file; closing it again does nothing. Accepted connections live on. */
  close(): void;
}

/**
 * Listens for connections.
 *
 * @param options - where, and who is let in
 * @throws SystemCallError when the address is in use, for one
 * @throws TypeError when the key is not bytes
 *
 * @example
 * ```ts
 * const listener = await mp.connection.Listener({ address: ['localhost', 6000], authkey });
 * const connection = await listener.accept();
 * ```
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/naming-convention -- the name is Python's
export async function Listener(options: ListenerOptions = {}): Promise<Listener> {
  checkOptionsObject('Listener', '{ address }', options);
  const settings = checkOptions(options);
  const family = checkFamily(options.family, options.address);
  const address = options.address ?? arbitraryAddress(family);
  const ownsFolder = options.address === undefined && family === 'AF_UNIX';
  try {
    const [place] = await resolveAddress(address, family);
    if (place === undefined) throw invalidArgument('the host has no address');
    return new SocketListener(place, ownsFolder, settings);
  } catch (error) {
    if (ownsFolder) rmdirSync(dirname(address as string));
    throw error;
  }
}

interface Settings {
  readonly backlog: number;
  readonly authkey: Uint8Array | undefined;
  readonly allowMd5: boolean;
  readonly handshakeMs: number;
  readonly maxPending: number;
  readonly maxMessageSize: number;
}

function checkOptions(options: ListenerOptions): Settings {
  const { backlog = defaultBacklog, maxPending = defaultPending, maxMessageSize } = options;
  const { handshakeTimeout = defaultHandshakeMs, allowMd5 = true } = options;
  checkCount('Listener', 'backlog', backlog, largestBacklog);
  checkCount('Listener', 'maxPending', maxPending, largestBacklog);
  return {
    backlog,
    authkey: checkKey(options.authkey),
    allowMd5: checkFlag('Listener', 'allowMd5', allowMd5),
    handshakeMs: checkAwait('Listener', { timeout: handshakeTimeout }).timeoutMs,
    maxPending: Math.max(maxPending, 1),
    maxMessageSize: checkLimit('Listener', maxMessageSize),
  };
}

/** A client that has connected and is authenticating. */
interface Guest {
  readonly connection: Connection;
  readonly peer: SocketAddress;
  timer?: NodeJS.Timeout;
  isLate: boolean;
}

const abandoned = new FinalizationRegistry<BoundPath>((path) => {
  path.remove();
});

class SocketListener implements Listener {
  readonly address: readonly [string, number] | string;
  readonly #settings: Settings;
  readonly #stream: Stream;
  readonly #path: BoundPath | undefined;
  readonly #waiting: Pending<Connection>[] = [];
  readonly #guests = new Set<Guest>();
  /** Authenticated while nobody waited for one. */
  readonly #ready: Guest[] = [];
  #lastAccepted: readonly [string, number] | string | null = null;

  constructor(place: SocketAddress, ownsFolder: boolean, settings: Settings) {
    const number = native.socketListen(place, settings.backlog);
    this.#settings = settings;
    this.#stream = Stream.of(number);
    this.#stream.onReadable = () => {
      this.#take();
    };
    this.address = userAddress(native.socketAddress(number));
    if (place.family !== 'path') return;
    this.#path = new BoundPath(Buffer.from(place.name).toString(), ownsFolder);
    abandoned.register(this, this.#path, this);
  }

  get lastAccepted(): readonly [string, number] | string | null {
    return this.#lastAccepted;
  }

  async accept(options?: AwaitOptions): Promise<Connection> {
    const wait = checkAwait('accept', options);
    wait.signal?.throwIfAborted();
    if (this.#stream.isClosed) throw new ClosedError('the listener is closed');
    const pending = new Pending<Connection>(wait, 'no connection was accepted', () => {
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      this.#watch();
    });
    this.#waiting.push(pending);
    this.#serve();
    this.#take();
    return await pending.promise;
  }

  close(): void {
    if (this.#stream.isClosed) return;
    this.#stream.close();
    this.#path?.remove();
    abandoned.unregister(this);
    for (const guest of [...this.#guests, ...this.#ready]) this.#dismiss(guest);
    const closed = new ClosedError('the listener was closed meanwhile');
    for (const pending of this.#waiting.splice(0)) pending.reject(closed);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** How many more may be let in now. */
  get #room(): number {
    if (this.#waiting.length === 0) return 0;
    if (this.#settings.authkey === undefined) return this.#waiting.length;
    return this.#settings.maxPending - this.#guests.size;
  }

  /** Lets in those who have connected. */
  #take(): void {
    try {
      while (this.#room > 0) {
        const accepted = native.socketAccept(this.#stream.number);
        if (accepted === undefined) break;
        this.#admit(accepted);
      }
    } catch (error) {
      this.#waiting.shift()?.reject(error as Error);
    }
    this.#watch();
  }

  #admit({ stream, peer }: { readonly stream: number; readonly peer: SocketAddress }): void {
    const { maxMessageSize, authkey } = this.#settings;
    const connection = new Connection(native.streamRelease(stream), { maxMessageSize });
    const guest: Guest = { connection, peer, isLate: false };
    if (authkey === undefined) {
      this.#ready.push(guest);
      this.#serve();
    } else {
      void this.#authenticate(guest, authkey);
    }
  }

  async #authenticate(guest: Guest, authkey: Uint8Array): Promise<void> {
    const { connection } = guest;
    const { allowMd5, handshakeMs } = this.#settings;
    this.#guests.add(guest);
    internals.keepLoop(connection, false);
    if (handshakeMs !== Infinity) {
      guest.timer = setTimeout(() => {
        guest.isLate = true;
        connection.close();
      }, handshakeMs);
    }
    try {
      await deliverChallenge(connection, authkey, { allowMd5 });
      await answerChallenge(connection, authkey, { allowMd5 });
      internals.keepLoop(connection, true);
      this.#ready.push(guest);
    } catch (error) {
      connection.close();
      if (!this.#stream.isClosed) this.#waiting.shift()?.reject(this.#fault(guest, error));
    }
    clearTimeout(guest.timer);
    this.#guests.delete(guest);
    this.#serve();
    if (!this.#stream.isClosed) this.#take();
  }

  #fault(guest: Guest, error: unknown): Error {
    if (!guest.isLate) return handshakeError(error) as Error;
    return new AuthenticationError(
      `a client did not authenticate within ${String(this.#settings.handshakeMs)} ms`,
    );
  }

  /** Gives those who are ready to those who wait. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      const guest = this.#ready.shift();
      if (guest === undefined) return;
      this.#lastAccepted = userAddress(guest.peer);
      this.#waiting.shift()?.resolve(guest.connection);
    }
  }

  #watch(): void {
    this.#stream.want({ reads: this.#room > 0 });
    // While somebody waits, the process waits for those who are authenticating.
    for (const { timer } of this.#guests) {
      if (this.#waiting.length > 0) timer?.ref();
      else timer?.unref();
    }
  }

  #dismiss(guest: Guest): void {
    clearTimeout(guest.timer);
    guest.connection.close();
    this.#guests.delete(guest);
  }
}
