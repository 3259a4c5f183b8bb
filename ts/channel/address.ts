// Addresses of listeners, in the forms that users write and in the one that the system takes.
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { invalidArgument, MultiprocessingError, outOfRange, SystemCallError } from '../errors.js';
import type { SocketAddress } from '../native/binding.js';
import { describe } from './buffers.js';

/**
 * Where a listener is: `[host, port]` for TCP; a path for a Unix socket; text or bytes that begin
 * with NUL for an abstract socket of Linux, which has no file.
 *
 * @public
 */
export type Address = readonly [host: string, port: number] | string | Uint8Array;

/**
 * The kind of an address. `AF_PIPE`, named pipes of Windows, is not there yet.
 *
 * @public
 */
export type AddressFamily = 'AF_UNIX' | 'AF_INET' | 'AF_INET6';

/**
 * The families that this system has.
 *
 * @public
 */
export const families: readonly AddressFamily[] = ['AF_INET', 'AF_INET6', 'AF_UNIX'];

/**
 * The family of a listener whose address is left to the system.
 *
 * @public
 */
export const defaultFamily: AddressFamily = 'AF_UNIX';

const largestPort = 65535;

/**
 * The family that an address belongs to.
 *
 * @throws TypeError when it is no address
 * @throws MultiprocessingError `ERR_MP_ADDRESS_FAMILY` for one of a family that this system lacks
 *
 * @public
 */
export function addressType(address: Address): AddressFamily {
  const value: unknown = address;
  if (Array.isArray(value)) {
    const [host, port] = checkInternet(value);
    return host.includes(':') && port >= 0 ? 'AF_INET6' : 'AF_INET';
  }
  if (typeof value === 'string' && value.startsWith('\\\\')) throw unknownFamily('AF_PIPE');
  if (typeof value === 'string' || value instanceof Uint8Array) return 'AF_UNIX';
  throw invalidArgument(
    `an address is [host, port] or a path, not ${describe(value)}: its type is unrecognized`,
  );
}

function checkInternet(value: readonly unknown[]): [string, number] {
  const [host, port] = value;
  if (value.length !== 2 || typeof host !== 'string' || typeof port !== 'number') {
    throw invalidArgument('a TCP address is [host, port], such as ["localhost", 6000]');
  }
  if (!Number.isInteger(port) || port < 0 || port > largestPort) {
    throw outOfRange(`${String(port)} is not a port: ports are from 0 to ${String(largestPort)}`);
  }
  return [host, port];
}

/** Checks a family that a user named, against the address if there is one. */
export function checkFamily(family: unknown, address: Address | undefined): AddressFamily {
  if (family === undefined || family === null) {
    return address === undefined ? defaultFamily : addressType(address);
  }
  const known = families.find((name) => name === family);
  if (known === undefined) throw unknownFamily(family);
  if (address === undefined) return known;
  const isInternet = addressType(address) !== 'AF_UNIX';
  if (isInternet === (known !== 'AF_UNIX')) return known;
  throw invalidArgument(`the address ${JSON.stringify(address)} is not one of family ${known}`);
}

function unknownFamily(family: unknown): MultiprocessingError {
  const name = typeof family === 'string' ? family : describe(family);
  return new MultiprocessingError(
    `Family ${name} is not recognized. This system has ${families.join(', ')}`,
    { code: 'ERR_MP_ADDRESS_FAMILY' },
  );
}

/**
 * A fresh address of a family: a free port of this machine, or a path in a directory that only this
 * user can enter.
 *
 * @public
 */
export function arbitraryAddress(family: AddressFamily): Address {
  const known = checkFamily(family, undefined);
  if (known === 'AF_INET') return ['localhost', 0];
  if (known === 'AF_INET6') return ['::1', 0];
  const folder = mkdtempSync(join(tmpdir(), 'nmp-'));
  return join(folder, `listener-${randomBytes(4).toString('hex')}`);
}

/** What the system calls the address; for a host with several, each in turn. */
export async function resolveAddress(
  address: Address,
  family: AddressFamily,
): Promise<SocketAddress[]> {
  if (typeof address === 'string' || address instanceof Uint8Array) return [localAddress(address)];
  const [host, port] = checkInternet(address);
  const version = family === 'AF_INET6' ? 6 : 4;
  if (host === '') return [{ family: 'internet', name: anyHost(version), port }];
  const found = await lookup(host, { all: true, family: version }).catch((error: unknown) => {
    throw notFound(host, error as NodeJS.ErrnoException);
  });
  return found.map((one) => ({ family: 'internet', name: Buffer.from(one.address), port }));
}

function notFound(host: string, { message, errno = 0 }: NodeJS.ErrnoException): SystemCallError {
  const syscall = 'getaddrinfo';
  return new SystemCallError(`the host '${host}' has no address: ${message}`, { errno, syscall });
}

const anyHost = (version: 4 | 6): Buffer => Buffer.from(version === 6 ? '::' : '0.0.0.0');

function localAddress(address: string | Uint8Array): SocketAddress {
  const name = Buffer.from(address);
  if (name.length === 0) throw invalidArgument('the path of a Unix socket must not be empty');
  if (name[0] === 0) return { family: 'abstract', name: name.subarray(1), port: 0 };
  if (name.includes(0)) {
    throw invalidArgument('the path of a Unix socket must not have a NUL in it');
  }
  return { family: 'path', name, port: 0 };
}

/** The form that users write. */
export function userAddress({
  family,
  name,
  port,
}: SocketAddress): readonly [string, number] | string {
  const text = Buffer.from(name).toString();
  if (family === 'internet') return [text, port];
  return family === 'abstract' ? `\0${text}` : text;
}
