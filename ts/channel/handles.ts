// Descriptors of whatever has one.
import { Socket as DatagramSocket } from 'node:dgram';

import { ClosedError, invalidArgument } from '../errors.js';
import { describe } from './buffers.js';

/**
 * A descriptor, or what has one: a Connection and anything else with a `fileno()`, a socket or a
 * server of `node:net`, a socket of `node:dgram`, a `FileHandle`.
 *
 * @public
 */
export type HandleInput = number | object;

interface HasDescriptor {
  fileno?: unknown;
  fd?: unknown;
  // eslint-disable-next-line @typescript-eslint/naming-convention -- the name is Node's
  _handle?: { fd?: unknown } | null;
}

/** Node has no public name for the descriptor of a socket; this one is as old as its handles. */
const inner = (value: HasDescriptor): unknown =>
  value instanceof DatagramSocket ? innerOfDatagram(value) : value._handle?.fd;

function innerOfDatagram(value: object): unknown {
  const state = Object.getOwnPropertySymbols(value).find(({ description }) => {
    return description === 'state symbol';
  });
  if (state === undefined) return undefined;
  const { handle } = (value as Record<symbol, { handle?: { fd?: unknown } | null }>)[state] ?? {};
  return handle?.fd;
}

export function descriptorOf(method: string, handle: unknown): number {
  if (isDescriptor(handle)) return handle;
  if (typeof handle !== 'object' || handle === null) throw refused(method, handle);
  const owner = handle as HasDescriptor;
  const found: unknown =
    typeof owner.fileno === 'function'
      ? (owner.fileno as () => unknown)()
      : (owner.fd ?? inner(owner));
  if (isDescriptor(found)) return found;
  if (found === undefined && '_handle' in owner) {
    throw new ClosedError(`${method}(): the ${owner.constructor.name} is closed, or not open yet`);
  }
  throw refused(method, handle);
}

function isDescriptor(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

function refused(method: string, handle: unknown): TypeError {
  return invalidArgument(
    `${method}() takes a descriptor or what has one, such as a socket or a Connection, not ` +
      describe(handle),
  );
}
