// What the processes of the crash test of queues run, and the memory in which they account for
// their messages.
import * as mp from 'node-multiprocessing';

/** Producers, and as many consumers. */
export const seats = 4;
export const queueRoom = 2_000;

/** Words of the control block; the last three once for each producer's seat. */
export const Control = { stop: 0, consumed: 1, began: 2, acknowledged: 2 + seats } as const;
export const controlWords = Control.acknowledged + seats;

/** What the parties share: numbers of `perSeat` messages of each seat. */
export interface Game {
  readonly queue: mp.Queue;
  readonly control: Int32Array;
  /** How often each message was consumed. */
  readonly seen: Uint8Array;
  readonly perSeat: number;
}

const largeEvery = 2_048;
const largeBytes = 300_000;

/** A message of a seat with a number, in every shape that has a path of its own through the ring. */
function messageFor(seat: number, number: number): unknown {
  if (number % largeEvery === largeEvery - 1) return bytesFor(seat, number, largeBytes);
  switch (number % 8) {
    case 0:
      return `${String(seat)}:${String(number)}`;
    case 1:
      return { seat, number, text: 'x'.repeat(number % 100) };
    case 2:
      return bytesFor(seat, number, 8 + (number % 3_000));
    case 3:
      return new Map([['message', [seat, number]]]);
    default:
      return seat * 2 ** 40 + number;
  }
}

function bytesFor(seat: number, number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, number & 0xff);
  bytes.writeUInt32LE(seat, 0);
  bytes.writeUInt32LE(number, 4);
  return bytes;
}

/** Seat and number of a message, which must be whole. */
function read(message: unknown): readonly [seat: number, number: number] {
  if (typeof message === 'number') return [Math.floor(message / 2 ** 40), message % 2 ** 40];
  if (typeof message === 'string') return message.split(':').map(Number) as [number, number];
  if (message instanceof Map) return message.get('message') as [number, number];
  if (!Buffer.isBuffer(message)) {
    const { seat, number } = message as { seat: number; number: number };
    return [seat, number];
  }
  const [seat, number] = [message.readUInt32LE(0), message.readUInt32LE(4)];
  if (message.subarray(8).some((byte) => byte !== (number & 0xff))) throw new Error('torn');
  return [seat, number];
}

/** Puts the messages of a seat, from where its predecessor ended, until the game stops. */
export async function produce(game: Game, seat: number, awaits: boolean): Promise<void> {
  const { queue, control } = game;
  while (Atomics.load(control, Control.stop) === 0) {
    const number = Atomics.add(control, Control.began + seat, 1);
    if (number >= game.perSeat) throw new Error('there is no room to account for more');
    const message = messageFor(seat, number);
    if (awaits) await queue.put(message);
    else queue.putSync(message);
    Atomics.store(control, Control.acknowledged + seat, number + 1);
  }
}

/** Accounts for messages until the queue is shut down; throws when a producer's are out of order. */
export async function consume(game: Game, awaits: boolean): Promise<void> {
  const { queue, control, seen, perSeat } = game;
  const last = new Int32Array(seats).fill(-1);
  for (;;) {
    let message: unknown;
    try {
      message = awaits ? await queue.get() : queue.getSync();
    } catch (error) {
      if (error instanceof mp.QueueShutDownError) return;
      throw error;
    }
    const [seat, number] = read(message);
    if (!(number > last[seat]!)) {
      throw new Error(`seat ${String(seat)}: ${String(number)} after ${String(last[seat])}`);
    }
    last[seat] = number;
    Atomics.add(seen, seat * perSeat + number, 1);
    Atomics.add(control, Control.consumed, 1);
  }
}
