// A message that waits for room in a ring, and the lines of those that do in this thread.
import { MultiprocessingError } from '../errors.js';
import { QueueFullError, QueueShutDownError } from '../errors/queue.js';
import { onForked } from '../memory/forked.js';
import { discardMessage, keepMessage, type Message } from '../codec/message.js';
import type { Waiting } from '../sync/waiting.js';
import type { Attempt, Line } from './line.js';
import { Refusal, type Ring } from './ring.js';

/** The errors of a put that waited in vain, or for what came to its end. */
export interface PutWords {
  full(): Error;
  ended(): Error;
}

const ofQueues: PutWords = {
  full: () => new QueueFullError('the queue had no room for the item within the timeout'),
  ended: () => new QueueShutDownError('put() on a queue that was shut down'),
};

export class PendingPut implements Attempt<void> {
  readonly detail: number;
  readonly #ring: Ring;
  readonly #message: Message;
  readonly #words: PutWords;

  constructor(ring: Ring, message: Message, words = ofQueues) {
    this.#ring = ring;
    this.#message = message;
    this.#words = words;
    this.detail = message.bytes;
  }

  run(waiting: Waiting<void>, timeoutMs = 0): boolean {
    const refusal = this.#ring.put(this.#message, timeoutMs);
    if (refusal === Refusal.busy) return false;
    if (refusal === 0) {
      waiting.resolve();
    } else {
      this.leave();
      waiting.reject(refusedAs(this.#words, refusal, this.#message));
    }
    return true;
  }

  timedOut(): Error {
    return this.#words.full();
  }

  leave(): void {
    discardMessage(this.#message);
  }
}

/** One thread's puts that wait. */
export type PutLine = Line<void, PendingPut>;

/** The error for an item that a queue refused for good. */
export function refused(refusal: Refusal, message: Message): Error {
  return refusedAs(ofQueues, refusal, message);
}

export function refusedAs(words: PutWords, refusal: Refusal, message: Message): Error {
  switch (refusal) {
    case Refusal.busy:
      return words.full();
    case Refusal.shutDown:
      return words.ended();
    case Refusal.tooLarge:
      return new MultiprocessingError(
        `a message of ${String(message.bytes)} bytes is larger than may ever be under way: put what ` +
          'is in it in shared memory and send that, or give a queue a larger maxBytes',
        { code: 'ERR_MP_MESSAGE_TOO_LARGE' },
      );
    case Refusal.exhausted:
      return new MultiprocessingError(
        `there is no shared memory for a message of ${String(message.bytes)} bytes`,
        { code: 'ERR_MP_MEMORY_EXHAUSTED' },
      );
  }
}

/** Blocks until all of the line are through, in order; false when the deadline passed. */
export function flush(line: PutLine, deadlineMs: number): boolean {
  for (let entry = line.first(); entry !== undefined; entry = line.first()) {
    const leftMs = Math.max(0, deadlineMs - performance.now());
    const { attempt, waiting } = entry;
    if (!attempt.run(waiting, leftMs)) return false;
    line.remove(entry);
  }
  return true;
}

/** Puts a message after those of this thread that wait already. */
export function putInTurn(
  ring: Ring,
  line: PutLine,
  message: Message,
  timeoutMs: number,
): 0 | Refusal {
  if (line.isEmpty) return ring.put(message, timeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  // The encoder's memory has another use while others are put.
  const kept = keepMessage(message);
  if (!flush(line, deadlineMs)) return Refusal.busy;
  return ring.put(kept, Math.max(0, deadlineMs - performance.now()));
}

/** Lines that are flushed when the process exits by process.exit(). A natural end comes only when
 * they are empty, for each keeps the event loop alive. */
const flushed = new Set<PutLine>();
let hooked = false;

onForked(() => {
  // Its parent puts what it puts; the child has none of its parent's listeners.
  flushed.clear();
  hooked = false;
});

export function flushAtExit(line: PutLine): void {
  flushed.add(line);
  if (hooked) return;
  hooked = true;
  process.once('exit', () => {
    for (const each of flushed) flush(each, Infinity);
  });
}

export function dropAtExit(line: PutLine): void {
  flushed.delete(line);
}
