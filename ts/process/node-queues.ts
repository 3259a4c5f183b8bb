// Where Node keeps what it will run later. It shows that to nobody but debuggers: its functions
// close over these variables, and the inspector shows the variables of a function. One look at them
// is kept, before the first fork, and is what makes a program's timers found in its copy.
//
// lib/timers.js, the same on Node 20, 22, 24, 26: timerListMap has a list of timers for each
// duration; immediateQueue is one list. Their members are linked in a ring and in a chain.
import { InspectorSession } from '../functions/inspector-session.js';

/** A member of a list; the list itself is one of the ring. */
interface Link {
  // eslint-disable-next-line @typescript-eslint/naming-convention -- Node's
  readonly _idleNext: Link | null;
}

interface TimersList extends Link {
  readonly msecs: number;
}

interface Queues {
  readonly timerListMap: Readonly<Record<string, TimersList>>;
  readonly immediateQueue: { readonly head: Link | null };
}

let queues: Queues | undefined;

function isQueues(variables: object): variables is Queues {
  return 'timerListMap' in variables && 'immediateQueue' in variables;
}

function look(): Queues | undefined {
  return InspectorSession.use((session) =>
    session.withDebugger(
      () => {
        const list = session.internalProperties(clearTimeout).get('[[Scopes]]');
        const scopes = (list ? session.valueOf(list) : []) as ArrayLike<{ object: object }>;
        return Array.from(scopes, ({ object }) => object).find(isQueues);
      },
      () => undefined,
    ),
  );
}

/** Why Node's timers cannot be found; undefined when they can. From then on they are. */
export function whyNoQueues(): string | undefined {
  try {
    queues ??= look();
  } catch (error) {
    return `the inspector cannot be used: ${(error as Error).message}`;
  }
  return queues === undefined ? 'this Node keeps its timers in an unknown way' : undefined;
}

/** Clears all timers and immediates there are. */
export function clearAll(): void {
  if (queues === undefined) return;
  for (const list of Object.values(queues.timerListMap)) {
    for (const timer of following(list, list)) clearTimeout(timer as unknown as NodeJS.Timeout);
  }
  for (const immediate of following(queues.immediateQueue.head, null, true)) {
    clearImmediate(immediate as unknown as NodeJS.Immediate);
  }
}

/** Those after `start`, and itself if it is `included`, up to `end`. */
function following(start: Link | null, end: Link | null, included = false): Link[] {
  const all: Link[] = [];
  for (let at = included ? start : (start?._idleNext ?? null); at !== end && at !== null;) {
    all.push(at);
    at = at._idleNext;
  }
  return all;
}
