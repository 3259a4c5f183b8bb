// local: an object of which each thread has its own.
import { randomUUID } from 'node:crypto';

import { registerCarrier } from '../codec/carriers.js';

/** Those of this thread, by what they are called in messages. */
const locals = new Map<string, WeakRef<Local>>();
const ids = new WeakMap<Local, string>();
const unreachable = new FinalizationRegistry<string>((id) => {
  // Another may have arrived under the same name meanwhile.
  if (locals.get(id)?.deref() === undefined) locals.delete(id);
});

/**
 * An object whose properties each thread has for itself. Sent to a thread, or a process, it arrives
 * as that one's own: empty at first, and the same object each time.
 *
 * Variables of modules are a thread's own in any case, for each thread has its own modules; this is
 * for what is handed around. Source: CPython's
 * {@link https://docs.python.org/3/library/threading.html#thread-local-data | local}.
 *
 * @public
 */
export class Local {
  /** Whatever a thread keeps in it. */
  [key: string]: unknown;

  /** @param properties - that this thread's begins with */
  constructor(properties: Readonly<Record<string, unknown>> = {}) {
    const isArriving = properties instanceof Arriving;
    remember(this, isArriving ? properties.id : randomUUID());
    if (!isArriving) Object.assign(this, properties);
  }
}

/** Given to the constructor instead of properties. */
class Arriving {
  [key: string]: unknown;
  constructor(readonly id: string) {}
}

registerCarrier<Local>({
  name: 'local',
  type: Local,
  pack: (local) => ids.get(local),
  unpack: (id) => locals.get(id as string)?.deref() ?? new Local(new Arriving(id as string)),
  takeBack: () => undefined,
});

function remember(local: Local, id: string): void {
  ids.set(local, id);
  locals.set(id, new WeakRef(local));
  unreachable.register(local, id);
}
