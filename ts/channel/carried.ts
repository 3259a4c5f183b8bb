// Connections, sockets and servers as parts of messages, whatever way the message takes. The message
// has a ticket; the descriptor waits in this process until the receiver fetches it, so this process
// must live until then; but what a result of a process carries is given to its parent at once.
import { Server, Socket } from 'node:net';

import { registerCarrier } from '../codec/carriers.js';
import { native } from '../native/binding.js';
import { Connection, internals } from './connection.js';
import type { ConnectionOptions } from './connection-options.js';
import { deposit, fetchFrom, withdraw, type Deposit } from './deposits.js';
import { descriptorOf } from './handles.js';
import { MessageStream } from './message-stream.js';
import { RingPair, type EndHandles } from './ring-pair.js';
import { Stream } from './stream.js';

function forget(detail: unknown): void {
  const descriptor = withdraw(detail as Deposit);
  if (descriptor !== undefined) native.closeDescriptor(descriptor);
}

/** Which connection a message carries, in case the message comes back. */
const moving = new Map<string, WeakRef<Connection>>();
const unreachable = new FinalizationRegistry<string>((key) => moving.delete(key));

type MovingConnection = Required<ConnectionOptions> & {
  /** Behind a ticket, or in shared memory. */
  readonly place: Deposit | EndHandles;
};

const inMemory = (place: Deposit | EndHandles): place is EndHandles => 'end' in place;
const keyOf = (place: Deposit | EndHandles): string =>
  inMemory(place) ? `${String(place.end.holder)}:${String(place.end.token)}` : place.ticket;

/** Lets go of the end, which is on its way from now on. */
function sendOff(connection: Connection, holder: number | undefined): Deposit | EndHandles {
  const transport = internals.moveOut(connection);
  try {
    if (transport instanceof RingPair) {
      const handles = transport.describe(holder);
      transport.close();
      return handles;
    }
    const deposited = deposit(transport.descriptor);
    transport.close();
    return deposited;
  } catch (error) {
    internals.moveBack(connection, transport);
    throw error;
  }
}

registerCarrier({
  name: 'Connection',
  type: Connection,
  pack(connection: Connection, holder?: number): MovingConnection {
    const options = internals.optionsOf(connection);
    const place = sendOff(connection, holder);
    moving.set(keyOf(place), new WeakRef(connection));
    unreachable.register(connection, keyOf(place));
    return { place, ...options };
  },
  unpack(detail: unknown): Connection {
    const { place, ...options } = detail as MovingConnection;
    return inMemory(place)
      ? internals.over(RingPair.attach(place), options)
      : new Connection(fetchFrom(place), options);
  },
  takeBack(detail: unknown): void {
    const { place } = detail as MovingConnection;
    const connection = moving.get(keyOf(place))?.deref();
    moving.delete(keyOf(place));
    if (inMemory(place)) {
      if (connection !== undefined) takeBackEnd(connection, place);
      else RingPair.withdraw(place);
      return;
    }
    const descriptor = withdraw(place);
    if (descriptor === undefined) return;
    if (connection === undefined) native.closeDescriptor(descriptor);
    else internals.moveBack(connection, new MessageStream(Stream.adopt(descriptor)));
  },
  forsake(detail: unknown): void {
    forsakeConnection((detail as MovingConnection).place);
  },
});

function forsakeConnection(place: Deposit | EndHandles): void {
  moving.delete(keyOf(place));
  if (inMemory(place)) RingPair.withdraw(place);
  else forget(place);
}

function takeBackEnd(connection: Connection, place: EndHandles): void {
  try {
    internals.moveBack(connection, RingPair.attach(place));
  } catch {
    // The end does not exist any more: who had received it has closed it.
  }
}

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
