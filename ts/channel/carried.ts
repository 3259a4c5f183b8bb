// Connections, sockets and servers as parts of messages, whatever way the message takes. The message
// has a ticket; the descriptor waits in this process until the receiver fetches it, so this process
// must live until then.
import { Server, Socket } from 'node:net';

import { registerCarrier } from '../codec/carriers.js';
import { MultiprocessingError } from '../errors.js';
import { native } from '../native/binding.js';
import { Connection, internals } from './connection.js';
import type { ConnectionOptions } from './connection-options.js';
import { descriptorOf } from './handles.js';

/** Where a descriptor waits. */
interface Deposit {
  readonly office: string;
  /** In hexadecimal. */
  readonly ticket: string;
}

function deposit(descriptor: number): Deposit {
  const { office, ticket } = native.depositDescriptor(descriptor);
  return { office, ticket: Buffer.from(ticket).toString('hex') };
}

function fetchFrom({ office, ticket }: Deposit): number {
  const descriptor = native.fetchDescriptor(office, Buffer.from(ticket, 'hex'));
  if (descriptor >= 0) return descriptor;
  throw new MultiprocessingError(
    'the connection or socket in the message is gone: the process that sent it has ended, or the ' +
      'message was read before',
    { code: 'ERR_MP_HANDLE_STALE' },
  );
}

/** The descriptor, unless somebody has it already. */
function withdraw({ ticket }: Deposit): number | undefined {
  const descriptor = native.withdrawDescriptor(Buffer.from(ticket, 'hex'));
  return descriptor < 0 ? undefined : descriptor;
}

function forget(detail: unknown): void {
  const descriptor = withdraw(detail as Deposit);
  if (descriptor !== undefined) native.closeDescriptor(descriptor);
}

/** Whose descriptor a ticket is for, in case the message comes back. */
const moving = new Map<string, WeakRef<Connection>>();
const unreachable = new FinalizationRegistry<string>((ticket) => moving.delete(ticket));

type MovingConnection = Deposit & Required<ConnectionOptions>;

registerCarrier({
  name: 'Connection',
  type: Connection,
  pack(connection: Connection): MovingConnection {
    const options = internals.optionsOf(connection);
    const descriptor = internals.moveOut(connection);
    try {
      const deposited = deposit(descriptor);
      moving.set(deposited.ticket, new WeakRef(connection));
      unreachable.register(connection, deposited.ticket);
      native.closeDescriptor(descriptor);
      return { ...deposited, ...options };
    } catch (error) {
      internals.moveBack(connection, descriptor);
      throw error;
    }
  },
  unpack(detail: unknown): Connection {
    const { readable, writable, maxMessageSize, ...deposited } = detail as MovingConnection;
    return new Connection(fetchFrom(deposited), { readable, writable, maxMessageSize });
  },
  takeBack(detail: unknown): void {
    const { ticket } = detail as Deposit;
    const connection = moving.get(ticket)?.deref();
    moving.delete(ticket);
    if (connection === undefined) {
      forget(detail);
      return;
    }
    const descriptor = withdraw(detail as Deposit);
    if (descriptor !== undefined) internals.moveBack(connection, descriptor);
  },
});

registerCarrier({
  name: 'net.Socket',
  type: Socket,
  pack: (socket: Socket): Deposit => deposit(descriptorOf('send', socket)),
  unpack: (detail: unknown): Socket => new Socket({ fd: fetchFrom(detail as Deposit) }),
  takeBack: forget,
});

registerCarrier({
  name: 'net.Server',
  type: Server,
  pack: (server: Server): Deposit => deposit(descriptorOf('send', server)),
  unpack: (detail: unknown): Server => new Server().listen({ fd: fetchFrom(detail as Deposit) }),
  takeBack: forget,
});
