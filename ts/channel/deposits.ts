// Descriptors on their way to another process: they wait in this one, behind a ticket, until the
// receiver fetches them (native/napi/descriptor_office.h).
import { MultiprocessingError } from '../errors.js';
import { native } from '../native/binding.js';

/** Where a descriptor waits. */
export interface Deposit {
  readonly office: string;
  /** In hexadecimal. */
  readonly ticket: string;
}

/** Those that are made while {@link depositsOf} runs. */
let made: Uint8Array[] | undefined;

/** A copy of the descriptor waits from now on. */
export function deposit(descriptor: number): Deposit {
  const { office, ticket } = native.depositDescriptor(descriptor);
  made?.push(ticket);
  return { office, ticket: Buffer.from(ticket).toString('hex') };
}

/** What `make` gives, and the tickets of what it deposits. */
export function depositsOf<T>(make: () => T): { result: T; tickets: readonly Uint8Array[] } {
  const tickets: Uint8Array[] = [];
  made = tickets;
  try {
    return { result: make(), tickets };
  } finally {
    made = undefined;
  }
}

export function fetchFrom({ office, ticket }: Deposit): number {
  const descriptor = native.fetchDescriptor(office, Buffer.from(ticket, 'hex'));
  if (descriptor >= 0) return descriptor;
  throw new MultiprocessingError(
    'the connection or socket in the message is gone: the process that sent it has ended, or the ' +
      'message was read before',
    { code: 'ERR_MP_HANDLE_STALE' },
  );
}

/** The descriptor, unless somebody has it already. */
export function withdraw({ ticket }: Deposit): number | undefined {
  const descriptor = native.withdrawDescriptor(Buffer.from(ticket, 'hex'));
  return descriptor < 0 ? undefined : descriptor;
}
