// Messages on a stream of bytes, as CPython's multiprocessing.connection frames them.
//
//   SIZE n         | ON THE STREAM
//   ---------------+---------------------------------------------------------------
//   n ≤ 0x7fffffff | n as int32, big endian; n bytes
//   larger         | ff ff ff ff; n as uint64, big endian; n bytes
//
// The long form is read for any size. Nothing is read ahead: what follows a message stays in the
// socket, for another process may have it too.
import { constants } from 'node:buffer';

import { EOFError, invalidArgument, MultiprocessingError } from '../errors.js';
import { Moved, type Stream } from './stream.js';

const shortHeader = 4;
const longHeader = 12;
const largestShort = 0x7fff_ffff;

/** What is reserved before anything of a message has come; more as it comes. */
const firstRoom = 64 * 1024 * 1024;

export const nothing = Buffer.alloc(0);

export function frameHeader(size: number): Uint8Array {
  const isShort = size <= largestShort;
  const header = Buffer.allocUnsafe(isShort ? shortHeader : longHeader);
  if (isShort) {
    header.writeInt32BE(size);
  } else {
    header.writeInt32BE(-1);
    header.writeBigUInt64BE(BigInt(size), shortHeader);
  }
  return header;
}

/** Takes messages from a stream, piece by piece; a message may be begun by one call and ended by another. */
export class MessageReader {
  readonly #stream: Stream;
  readonly #header = Buffer.alloc(longHeader);
  #headerFill = 0;
  #size: number | undefined;
  #body: Uint8Array = nothing;
  #fill = 0;
  /** Whether `#body` is the caller's, who gets the message there. */
  #isForeign = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Whether a part of a message has been taken. */
  get isBegun(): boolean {
    return this.#headerFill > 0;
  }

  /**
   * The next message if the whole of it has arrived, else undefined.
   *
   * @param maxLength - a longer message is an error, after which the stream cannot be read any more
   * @param target - where the message goes, if it fits and is not begun yet
   */
  read(maxLength: number, target?: Uint8Array): Uint8Array | undefined {
    if (this.#size === undefined && !this.#readHeader(maxLength)) return undefined;
    const size = this.#size ?? 0;
    if (this.#fill === 0 && this.#body.length === 0 && size > 0) this.#reserve(size, target);
    while (this.#fill < size) {
      if (this.#fill > this.#body.length) throw transferred();
      if (this.#fill === this.#body.length) this.#grow(size);
      const moved = this.#take(this.#body, this.#fill);
      if (moved === Moved.notNow) return undefined;
      this.#fill += moved;
    }
    const message = this.#body;
    this.#reset();
    return message;
  }

  /** The caller's buffer is its own again: what has come into it is kept elsewhere. */
  leaveTarget(): void {
    if (!this.#isForeign) return;
    const own = Buffer.allocUnsafeSlow(this.#size ?? 0);
    own.set(this.#body.subarray(0, this.#fill));
    this.#body = own;
    this.#isForeign = false;
  }

  #readHeader(maxLength: number): boolean {
    let wanted = this.#headerFill > shortHeader ? longHeader : shortHeader;
    for (;;) {
      while (this.#headerFill < wanted) {
        const moved = this.#take(this.#header.subarray(0, wanted), this.#headerFill);
        if (moved === Moved.notNow) return false;
        this.#headerFill += moved;
      }
      const short = this.#header.readInt32BE();
      if (short === -1 && wanted === shortHeader) {
        wanted = longHeader;
        continue;
      }
      if (short < -1) throw badHeader(short);
      this.#size = short === -1 ? this.#longSize() : short;
      break;
    }
    if (this.#size > maxLength) throw tooLong(this.#size, maxLength);
    return true;
  }

  #longSize(): number {
    return Number(this.#header.readBigUInt64BE(shortHeader));
  }

  #take(into: Uint8Array, start: number): number {
    const moved = this.#stream.receive(into, start);
    if (moved !== Moved.ended) return moved;
    throw new EOFError(
      this.isBegun
        ? 'the other side of the connection ended in the middle of a message'
        : 'the other side of the connection is gone',
    );
  }

  #reserve(size: number, target: Uint8Array | undefined): void {
    if (target !== undefined && target.length >= size) {
      this.#body = target.subarray(0, size);
      this.#isForeign = true;
      return;
    }
    // Small ones share a pool; a large one's pages are only there once something comes into them.
    this.#body = size <= firstRoom ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(firstRoom);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(size, this.#body.length * 2));
    larger.set(this.#body);
    this.#body = larger;
  }

  #reset(): void {
    this.#headerFill = 0;
    this.#size = undefined;
    this.#body = nothing;
    this.#fill = 0;
    this.#isForeign = false;
  }
}

/** Bytes that one buffer can hold. */
export const longestMessage = constants.MAX_LENGTH;

function badHeader(size: number): MultiprocessingError {
  return new MultiprocessingError(
    `the other side does not send messages as multiprocessing does: ${String(size)} is no size`,
    { code: 'ERR_MP_MESSAGE_FORMAT' },
  );
}

function transferred(): TypeError {
  return invalidArgument('the buffer was transferred elsewhere while a message came into it');
}

export function tooLong(size: number, maxLength: number): MultiprocessingError {
  return new MultiprocessingError(
    `a message of ${String(size)} bytes is longer than the ${String(maxLength)} that are allowed; ` +
      'nothing more can be received on this connection',
    { code: 'ERR_MP_MESSAGE_TOO_LONG' },
  );
}
