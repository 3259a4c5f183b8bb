// What a process that was forked while it lived has of its parent's in JavaScript, and must not act
// upon: timers, immediates, listeners of `process`, its channel, connections that agents keep.
// What the event loop has is native/fork/event_loop.h's.
import { createReadStream } from 'node:fs';

import { clearAll } from './node-queues.js';
import { isLoaded } from './randomness.js';

/** Takes everything out of this process that its parent had begun. */
export function dropInherited(): void {
  clearAll();
  dropListeners();
  dropAgents();
  dropStreams();
}

/** Node's own on `process`, which a process needs. */
const ownEvents: ReadonlySet<string | symbol> = new Set([
  'newListener',
  'removeListener',
  'warning',
]);

/** As CPython's children, which begin without their parent's exit handlers. */
function dropListeners(): void {
  for (const event of process.eventNames()) {
    if (!ownEvents.has(event)) process.removeAllListeners(event);
  }
  if (process.hasUncaughtExceptionCaptureCallback())
    process.setUncaughtExceptionCaptureCallback(null);
}

interface Agent {
  freeSockets: object;
  sockets: object;
  requests: object;
  totalSocketCount?: number;
}

/** Connections that agents keep for later lead nowhere here; requests would wait on them for ever. */
function dropAgents(): void {
  for (const name of ['http', 'https']) {
    if (!isLoaded(`NativeModule ${name}`)) continue;
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- only what is loaded already
    const { globalAgent } = require(`node:${name}`) as { globalAgent: Agent };
    for (const list of ['freeSockets', 'sockets', 'requests'] as const)
      globalAgent[list] = Object.create(null) as object;
    if ('totalSocketCount' in globalAgent) globalAgent.totalSocketCount = 0;
  }
  dropDispatchers();
}

/** What `fetch` goes through: an agent; newer ones have another before it, in the older form. */
function dropDispatchers(): void {
  const known = globalThis as Record<symbol, object | undefined>;
  const [older, newer] = [1, 2].map((version) =>
    Symbol.for(`undici.globalDispatcher.${String(version)}`),
  ) as [symbol, symbol];
  for (const [key, inner] of [
    [newer, undefined],
    [older, newer],
  ] as const) {
    if (known[key] === undefined) continue;
    const type = known[key].constructor as new (inner?: object) => object;
    const isAround = inner !== undefined && known[inner] !== undefined;
    known[key] = isAround ? new type(known[inner]) : new type();
  }
}

/** Standard input is empty; a channel to a parent's parent is the parent's. */
function dropStreams(): void {
  let input: NodeJS.ReadableStream | undefined;
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    enumerable: true,
    get: () => (input ??= createReadStream('', { fd: 0, autoClose: false })),
  });
  if (process.send === undefined) return;
  Object.defineProperty(process, 'connected', { value: false, configurable: true, writable: true });
  for (const name of ['send', 'disconnect', 'channel'])
    Object.defineProperty(process, name, { value: undefined, configurable: true, writable: true });
}
