// Binary data of a ring's next message, copied straight to where the caller wants it.
import { copyOut } from '../codec/binary.js';
import { isBinary } from '../codec/tags.js';
import { BufferTooShortError, MultiprocessingError } from '../errors.js';
import { Await, type Line } from './line.js';
import { isEmpty, nothing } from './queue-options.js';
import { Refused, type Ring } from './ring.js';
import type { CheckedWait } from '../sync/options.js';
import type { Waiting } from '../sync/waiting.js';

/**
 * How many bytes went into `target`; the error when it is too short, with the message, which has been
 * taken; or why there is none. Throws, and takes nothing, when the message is no data.
 */
export function getInto(
  ring: Ring,
  target: Uint8Array,
  timeoutMs: number,
): number | BufferTooShortError | Refused {
  return ring.take(timeoutMs, ({ bytes: from }, place, bytes, tag) => {
    if (!isBinary(tag)) throw notBinary();
    if (bytes > target.length) return tooShort(from.subarray(place, place + bytes), target);
    copyOut(from, place, bytes === target.length ? target : target.subarray(0, bytes));
    return bytes;
  });
}

export function notBinary(): MultiprocessingError {
  return new MultiprocessingError('the next item is no binary data: take it with get()', {
    code: 'ERR_MP_NOT_BINARY',
  });
}

function tooShort(message: Uint8Array, target: Uint8Array): BufferTooShortError {
  return new BufferTooShortError(
    `the message has ${message.length} bytes, and there is room for ${target.length}`,
    { bytes: message.slice() },
  );
}

/** What `attempt` gives, for the caller or, behind those of the line, for one that waits. */
export async function awaitTurn(
  line: Line<unknown>,
  attempt: () => unknown,
  wait: CheckedWait,
): Promise<unknown> {
  const first = line.isEmpty ? attempt() : Refused.busy;
  if (first !== Refused.busy) return first;
  if (wait.timeoutMs === 0) throw isEmpty();
  const run = (waiting: Waiting<unknown>): boolean => {
    try {
      const result = attempt();
      if (result === Refused.busy) return false;
      waiting.resolve(result);
    } catch (error) {
      // For the one that waits, not for who tries on its behalf.
      waiting.reject(error);
    }
    return true;
  };
  return line.wait({ detail: Await.record, run, timedOut: isEmpty }, wait);
}

/** The number, or the error thrown. */
export function countOf(result: unknown): number {
  if (typeof result === 'number') return result;
  throw result instanceof Refused ? nothing(result) : (result as Error);
}
