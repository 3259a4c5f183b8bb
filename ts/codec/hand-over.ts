// What a forked child does not simply have: connections, sockets and servers among its arguments.
// Those go to it as in messages, while all else stays where it is.
import { carrierOf, pack, takeBack, unpack, type Carried } from './carriers.js';

interface Place {
  readonly owner: Record<PropertyKey, unknown>;
  readonly key: PropertyKey;
  readonly carried: Carried;
}

/** What is on its way to a forked child. */
export interface HandedOver {
  /** In the child: puts everything into its place. */
  receive(): void;
  /** There is no child. */
  takeBack(): void;
}

/** Sends all that has to be sent in these arguments: in lists and plain objects, however deep. */
export function handOver(args: readonly unknown[]): HandedOver {
  const places: Place[] = [];
  const takeAllBack = (): void => {
    for (const { carried } of places) takeBack(carried);
  };
  try {
    collect(args, places, new Set());
  } catch (error) {
    takeAllBack();
    throw error;
  }
  return {
    receive: () => {
      for (const { owner, key, carried } of places) owner[key] = unpack(carried);
    },
    takeBack: takeAllBack,
  };
}

function collect(owner: object, places: Place[], seen: Set<object>): void {
  if (seen.has(owner)) return;
  seen.add(owner);
  for (const [key, value] of Object.entries(owner)) {
    if (typeof value !== 'object' || value === null) continue;
    const object = value as object;
    const carrier = carrierOf(object);
    if (carrier !== undefined) {
      const carried = pack(carrier, object);
      places.push({ owner: owner as Record<PropertyKey, unknown>, key, carried });
    } else if (isPlain(object)) {
      collect(object, places, seen);
    }
  }
}

function isPlain(object: object): boolean {
  if (Array.isArray(object)) return true;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}
