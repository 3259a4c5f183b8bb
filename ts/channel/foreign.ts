// Messages that are not values of this package, told from those that are.
import { MultiprocessingError } from '../errors.js';

/** What a pickle begins with, and what this package's values begin with (ts/codec/codec.ts). */
const pickleProtocol = 0x80;
const largestForm = 2;

/** The message, if it may be a value that `send` made. */
export function checkMessage(bytes: Uint8Array): Uint8Array {
  const first = bytes[0];
  if (first !== undefined && first <= largestForm) return bytes;
  const why =
    first === pickleProtocol
      ? "it is a pickle, made by Python's send()"
      : 'it was sent with sendBytes(), or by another program';
  throw new MultiprocessingError(
    `the message is no value of this package: ${why}. Receive it with recvBytes(), and let Python ` +
      'use send_bytes() and recv_bytes()',
    { code: 'ERR_MP_FOREIGN_MESSAGE' },
  );
}
