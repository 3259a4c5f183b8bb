// Two ends of a connection within this machine.
import { invalidArgument } from '../errors.js';
import { native } from '../native/binding.js';
import { Connection, internals } from './connection.js';
import { RingPair } from './ring-pair.js';

const ways: readonly unknown[] = ['memory', 'socket'];

/**
 * How a pipe is made.
 *
 * @public
 */
export interface PipeOptions {
  /** Whether both ends can send and receive (default); else the first only receives, the second only sends. */
  readonly duplex?: boolean | undefined;
  /**
   * What it goes through: shared memory (default), for processes and threads of this program; or a
   * socket, whose descriptor another program can be given, such as one in Python.
   */
  readonly via?: 'memory' | 'socket' | undefined;
}

/**
 * Two connected ends, to keep one and send the other to another process.
 *
 * Through shared memory about 4 MiB may be under way in each direction, or one message of any size
 * that the tree's memory has room for, alone; `send` waits for room beyond that. When the other side
 * is killed, a receiver hears of it at once; a sender that does not wait may send a few more messages
 * until it does, as into any buffer.
 *
 * @param options - see {@link PipeOptions}
 * @throws MultiprocessingError `ERR_MP_MEMORY_EXHAUSTED` when shared memory is used up
 *
 * @example
 * ```ts
 * const [here, there] = mp.Pipe();
 * await new mp.Process({ target: work, args: [there] }).start(); // there has moved
 * await here.send('task');
 * ```
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/naming-convention -- the name is Python's
export function Pipe(options: PipeOptions = {}): [Connection, Connection] {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidArgument('Pipe() takes options such as { duplex: false }');
  }
  const { duplex = true, via = 'memory' } = options;
  if (typeof duplex !== 'boolean') throw invalidArgument('duplex must be true or false');
  if (!ways.includes(via)) {
    throw invalidArgument(`via must be 'memory' or 'socket', not ${via}`);
  }
  const [receiver, sender] = [{ writable: duplex }, { readable: duplex }];
  if (via === 'memory') {
    const [one, other] = RingPair.create(duplex);
    return [internals.over(one, receiver), internals.over(other, sender)];
  }
  const [one, other] = native.streamPair();
  return [
    new Connection(native.streamRelease(one), receiver),
    new Connection(native.streamRelease(other), sender),
  ];
}
