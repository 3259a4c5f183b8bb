// Waiting for whichever of many things is ready first.
import { Socket } from 'node:net';

import { invalidArgument, TimeoutError } from '../errors.js';
import { native } from '../native/binding.js';
import { checkAwait, checkWait, type AwaitOptions, type WaitOptions } from '../sync/options.js';
import { describe } from './buffers.js';
import { Connection, internals } from './connection.js';
import { descriptorOf, type HandleInput } from './handles.js';
import { Pending } from './pending.js';
import { Stream } from './stream.js';

const what = 'nothing was ready';

/**
 * Waits until at least one of the objects has something to read, its end included.
 *
 * @param objects - Connections, sentinels of processes, descriptors, sockets of `node:net`, and
 * anything with a `fileno()`
 * @param options - how long to wait, and what ends the wait
 * @returns those that are ready, in the order given; none when the time is over
 * @throws ClosedError for a closed Connection
 * @throws TypeError for anything that has no descriptor
 *
 * @public
 */
export async function wait<T extends HandleInput>(
  objects: Iterable<T>,
  options?: AwaitOptions,
): Promise<T[]> {
  const limits = checkAwait('wait', options);
  const sources = sourcesOf('wait', objects);
  limits.signal?.throwIfAborted();
  const now = ready(sources, 0);
  if (now.length > 0 || limits.timeoutMs === 0) return now;
  const pending = new Pending<T[]>(limits, what, () => undefined);
  const stops: (() => void)[] = [];
  const look = (): void => {
    try {
      const found = ready(sources, 0);
      if (found.length > 0) pending.resolve(found);
    } catch (error) {
      // One of them was closed meanwhile.
      pending.reject(error as Error);
    }
  };
  try {
    for (const source of sources) stops.push(watch(source, look));
    return await pending.promise;
  } catch (error) {
    if (error instanceof TimeoutError) return [];
    throw error;
  } finally {
    for (const stop of stops) stop();
    pending.resolve([]);
  }
}

/**
 * As `wait`, blocking.
 *
 * @param objects - what to wait for
 * @param options - how long to wait
 *
 * @public
 */
export function waitSync<T extends HandleInput>(objects: Iterable<T>, options?: WaitOptions): T[] {
  const timeoutMs = checkWait('waitSync', options);
  const sources = sourcesOf('waitSync', objects);
  const deadlineMs = performance.now() + timeoutMs;
  for (let leftMs = 0; ;) {
    const found = ready(sources, leftMs);
    // What a descriptor said may have gone to another process meanwhile.
    leftMs = Math.max(0, deadlineMs - performance.now());
    if (found.length > 0 || leftMs === 0 || sources.length === 0) return found;
  }
}

interface Source<T> {
  readonly object: T;
  readonly descriptor: number;
}

function sourcesOf<T extends HandleInput>(method: string, objects: Iterable<T>): Source<T>[] {
  const list: unknown = objects;
  if (typeof list !== 'object' || list === null || !(Symbol.iterator in list)) {
    throw invalidArgument(
      `${method}() takes an iterable of things to wait for, not ${describe(list)}`,
    );
  }
  return [...objects].map((object) => ({ object, descriptor: descriptorOf(method, object) }));
}

/** Those that are ready; waits for one if none is. */
function ready<T>(sources: readonly Source<T>[], timeoutMs: number): T[] {
  const descriptors = sources.map(({ descriptor }) => descriptor);
  const flags = native.waitDescriptors(descriptors, false, timeoutMs);
  return sources.filter(({ object }, i) => isReady(object, flags[i] === true)).map((s) => s.object);
}

/** Whether there is something, given whether its descriptor can be read. */
function isReady(object: unknown, isReadable: boolean): boolean {
  // That of a pipe in shared memory says that there may be.
  if (object instanceof Connection && internals.isInMemory(object)) return object.pollSync();
  return isReadable || holds(object);
}

/** Whether something has been read already that nobody has got. */
function holds(object: unknown): boolean {
  if (object instanceof Connection) return !object.closed && object.pollSync();
  return object instanceof Socket && (object.readableLength > 0 || object.readableEnded);
}

/** Calls `look` when something may have come; returns what ends that. */
function watch<T>({ object, descriptor }: Source<T>, look: () => void): () => void {
  if (object instanceof Socket) return watchSocket(object, look);
  // A copy: libuv refuses to watch one descriptor twice.
  const copy = Stream.duplicate(descriptor);
  copy.onReadable = look;
  copy.want({ reads: true });
  return () => {
    copy.close();
  };
}

/** Node itself reads from its sockets, so what has come may not be in the descriptor any more. */
function watchSocket(socket: Socket, look: () => void): () => void {
  const events = ['readable', 'end', 'close'] as const;
  for (const event of events) socket.on(event, look);
  return () => {
    for (const event of events) socket.off(event, look);
  };
}
