// What the wait hub (native/sync/wait_hub.h) watches for this thread, by ticket, and whom it tells
// when a try may succeed.
import { onForked } from '../memory/forked.js';
import { native, type ObjectKind } from '../native/binding.js';

/** What the hub is to watch. */
export interface Watched {
  readonly address: number;
  readonly kind: ObjectKind;
  /** What more the kind needs to know; see `watch` in native/napi/wait.cc. */
  readonly detail?: number;
}

/** Who waits. */
export interface Listener {
  /** A try may succeed now. */
  readonly onReady: () => void;
  /** This process was forked from the one that waits: here nobody does. */
  readonly forget: () => void;
}

/** By these closures pending waits keep their objects alive: once collected, an object's memory
 * may have another use, which the hub and the tries would trample on. */
const listeners = new Map<number, Listener>();
let lastTicket = 0;
let listening = false;

onForked(() => {
  const inherited = [...listeners.values()];
  listeners.clear();
  for (const { forget } of inherited) forget();
});

/** Watches from now on; keeps the event loop alive until {@link unwatch}. */
export function watch(
  { address, kind, detail = 0 }: Watched,
  listener: Listener,
): { readonly ticket: number; readonly tryNow: boolean } {
  if (!listening) {
    native.onReady((ticket) => listeners.get(ticket)?.onReady());
    listening = true;
  }
  const ticket = ++lastTicket;
  const watching = native.watch(address, kind, ticket, detail);
  listeners.set(ticket, listener);
  return { ticket, tryNow: !watching };
}

/** @param withdraw - unless it acquired what it waited for */
export function unwatch(ticket: number, withdraw: boolean): void {
  listeners.delete(ticket);
  native.cancel(ticket, withdraw);
}
