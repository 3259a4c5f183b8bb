// Two ends of a connection within this machine.
import { invalidArgument } from '../errors.js';
import { native } from '../native/binding.js';
import { Connection } from './connection.js';

/**
 * Two connected ends, to keep one and send the other to another process.
 *
 * @param options - `duplex`: whether both ends can send and receive (default); else the first one
 * only receives and the second one only sends
 *
 * @example
 * ```ts
 * const [here, there] = mp.Pipe();
 * ```
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/naming-convention -- the name is Python's
export function Pipe(options: { readonly duplex?: boolean } = {}): [Connection, Connection] {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidArgument('Pipe() takes options such as { duplex: false }');
  }
  const { duplex = true } = options;
  if (typeof duplex !== 'boolean') throw invalidArgument('duplex must be true or false');
  const [one, other] = native.streamPair();
  return [
    new Connection(native.streamRelease(one), { writable: duplex }),
    new Connection(native.streamRelease(other), { readable: duplex }),
  ];
}
